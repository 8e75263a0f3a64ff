import Randomness

/// What a power cut leaves of the changes that were not synced. All of these are things that
/// disks and file systems do; a program that syncs what it promises survives each.
public enum Retention: String, Sendable, CaseIterable {
    /// Nothing.
    case nothing
    /// Everything up to a random moment, in the order in which it was done; the write at that
    /// moment is torn at a sector boundary.
    case prefix
    /// Everything up to the last write, which is torn at a sector boundary.
    case torn
    /// Sectors in any order: each one is kept or lost by itself. Names of files are kept in
    /// their order up to a random moment, as journaling file systems do.
    case scatter
}

/// What was lost, for the record.
public struct PowerCutReport: Hashable, Sendable {
    /// Writes of which at least one byte is gone, and how many bytes.
    public var lostWrites: UInt64 = 0
    public var lostBytes: UInt64 = 0
    /// Creations, removals and renames that did not happen.
    public var lostNames: UInt64 = 0
    public var keptWrites: UInt64 = 0

    public init() {}
}

/// One power cut: decides for each unsynced change what is left of it. Whoever owns the bytes asks
/// in the order in which the changes were made.
package struct PowerCut {
    private enum Rule {
        case keepBefore(UInt64)
        case scatter(namesBefore: UInt64)
    }

    private let rule: Rule
    private var random: SeededRandom
    private(set) var report = PowerCutReport()

    /// `sequences` are the places of all unsynced changes in order; `lastWrite` is the place of
    /// the last one that writes bytes.
    package init(_ retention: Retention, seed: UInt64, sequences: [UInt64], lastWrite: UInt64?) {
        var random = SeededRandom(seed: seed)
        let last = sequences.last ?? 0
        // Beyond the last one: everything was written in time.
        let choice = random.index(below: sequences.count + 1)
        let moment = choice < sequences.count ? sequences[choice] : last + 1
        switch retention {
        case .nothing: rule = .keepBefore(0)
        case .prefix: rule = .keepBefore(moment)
        case .torn: rule = .keepBefore(lastWrite ?? last + 1)
        case .scatter: rule = .scatter(namesBefore: moment)
        }
        self.random = random
    }

    mutating func keepsNames(at sequence: UInt64) -> Bool {
        let isKept =
            switch rule {
            case .keepBefore(let moment), .scatter(namesBefore: let moment): sequence < moment
            }
        if !isKept { report.lostNames += 1 }
        return isKept
    }

    mutating func keepsResize(at sequence: UInt64) -> Bool {
        switch rule {
        case .keepBefore(let moment): sequence < moment
        case .scatter: random.chance(0.5)
        }
    }

    /// The parts of a write that reach the disk, counted from its beginning.
    package mutating func kept(
        of sequence: UInt64, count: Int, at offset: Int
    ) -> [Range<Int>] {
        let kept: [Range<Int>]
        switch rule {
        case .keepBefore(let moment) where sequence < moment: kept = [0..<count]
        case .keepBefore(let moment) where sequence == moment && moment > 0:
            let length = tornLength(of: count, at: offset)
            kept = length > 0 ? [0..<length] : []
        case .keepBefore: kept = []
        case .scatter:
            kept = Sectors.parts(of: count, at: offset).filter { _ in random.chance(0.5) }
        }
        report.note(kept: kept, of: count)
        return kept
    }

    /// How many bytes of a write reach the disk when it is torn: less than all of them, up to
    /// the end of a sector.
    private mutating func tornLength(of count: Int, at offset: Int) -> Int {
        let ends = Sectors.parts(of: count, at: offset).map(\.upperBound).dropLast()
        let choice = random.index(below: ends.count + 1)
        return choice == 0 ? 0 : ends[choice - 1]
    }
}

extension PowerCutReport {
    /// Counts a write of which these parts were kept.
    package mutating func note(kept: [Range<Int>], of count: Int) {
        let lost = count - kept.reduce(0) { $0 + $1.count }
        lostBytes += UInt64(lost)
        if lost > 0 { lostWrites += 1 } else { keptWrites += 1 }
    }
}

/// Disks write this much in one piece: a write that is torn is torn at a multiple of it.
package enum Sectors {
    package static let bytes = 512

    /// The sectors that a write touches, as parts of it, counted from its beginning.
    package static func parts(of count: Int, at offset: Int) -> [Range<Int>] {
        let ends = stride(from: bytes - offset % bytes, to: count, by: bytes) + [count]
        return zip([0] + ends, ends).map { $0..<$1 }
    }
}
