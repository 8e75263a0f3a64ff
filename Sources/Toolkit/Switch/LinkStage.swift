import Randomness
import SystemCalls

/// A frame on its way through the effects of a link.
struct FrameCopy {
    /// The frame's own bytes, or those of this copy when they differ.
    var changed: [UInt8]?
    var release: Instant
}

/// One effect of one rule on one link, with what it must remember.
struct LinkStage {
    let rule: RuleID
    let effect: LinkEffect
    /// When the last frame leaves a delay, or the line of a limit is free again.
    private var busyUntil = Instant(nanoseconds: 0)

    init(rule: RuleID, effect: LinkEffect) {
        self.rule = rule
        self.effect = effect
    }

    var isCut: Bool { effect == .cut }

    /// Changes the copies of one frame as the effect says. True when it did anything.
    mutating func apply(
        to copies: inout [FrameCopy], of frame: UnsafeRawBufferPointer,
        counts: inout RuleCounts, random: inout SeededRandom
    ) -> Bool {
        switch effect {
        case .cut:
            counts.dropped += UInt64(copies.count)
            let hasCopies = !copies.isEmpty
            copies = []
            return hasCopies
        case .lose(let share):
            let before = copies.count
            copies.removeAll { _ in random.chance(share) }
            counts.dropped += UInt64(before - copies.count)
            return before != copies.count
        case .corrupt(let share):
            return corrupt(&copies, frame, share, &counts, &random)
        case .duplicate(let share):
            let before = copies.count
            for index in 0..<before where random.chance(share) { copies.append(copies[index]) }
            counts.duplicated += UInt64(copies.count - before)
            return before != copies.count
        case .limit(let bytesPerSecond, let patience):
            return limit(&copies, frame.count, bytesPerSecond, patience, &counts)
        case .delay(let time, let jitter):
            return delay(&copies, time, jitter, &counts, &random)
        case .reorder(let share, let time):
            var isTouched = false
            for index in copies.indices where random.chance(share) {
                copies[index].release = copies[index].release + time
                counts.reordered += 1
                isTouched = true
            }
            return isTouched
        }
    }

    private func corrupt(
        _ copies: inout [FrameCopy], _ frame: UnsafeRawBufferPointer, _ share: Double,
        _ counts: inout RuleCounts, _ random: inout SeededRandom
    ) -> Bool {
        guard let header = FrameHeader(frame), header.isIP,
            frame.count > FrameHeader.byteCount
        else { return false }
        var isTouched = false
        for index in copies.indices where random.chance(share) {
            var bytes = copies[index].changed ?? Array(frame)
            let place =
                FrameHeader.byteCount + random.index(below: bytes.count - FrameHeader.byteCount)
            bytes[place] ^= 1 << UInt8(random.below(8))
            copies[index].changed = bytes
            counts.corrupted += 1
            isTouched = true
        }
        return isTouched
    }

    private mutating func limit(
        _ copies: inout [FrameCopy], _ byteCount: Int, _ bytesPerSecond: UInt64,
        _ patience: Duration, _ counts: inout RuleCounts
    ) -> Bool {
        let cost = Duration.nanoseconds(
            Int64(clamping: UInt64(byteCount) * 1_000_000_000 / max(1, bytesPerSecond)))
        var isTouched = false
        copies.removeAll { copy in
            if busyUntil - copy.release > patience {
                counts.dropped += 1
                isTouched = true
                return true
            }
            return false
        }
        for index in copies.indices {
            let start = max(copies[index].release, busyUntil)
            busyUntil = start + cost
            if start > copies[index].release {
                counts.delayed += 1
                isTouched = true
            }
            copies[index].release = start
        }
        return isTouched
    }

    private mutating func delay(
        _ copies: inout [FrameCopy], _ time: Duration, _ jitter: Duration,
        _ counts: inout RuleCounts, _ random: inout SeededRandom
    ) -> Bool {
        let spread = UInt64(clamping: jitter.wholeNanoseconds)
        for index in copies.indices {
            let extra = spread == 0 ? 0 : random.number(in: 0...spread)
            let release = copies[index].release + time + .nanoseconds(Int64(clamping: extra))
            busyUntil = max(release, busyUntil)
            copies[index].release = busyUntil
        }
        counts.delayed += UInt64(copies.count)
        return !copies.isEmpty
    }
}
