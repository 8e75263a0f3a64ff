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

/// One power cut: decides for each unsynced change what is left of it.
struct PowerCut {
    private enum Rule {
        case keepBefore(UInt64)
        case scatter(namesBefore: UInt64)
    }

    private let rule: Rule
    private var random: SeededRandom
    private(set) var report = PowerCutReport()

    /// `sequences` are the places of all unsynced changes in order; `lastWrite` is the place of
    /// the last one that writes bytes.
    init(_ retention: Retention, seed: UInt64, sequences: [UInt64], lastWrite: UInt64?) {
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

    mutating func apply(_ change: FileContent.Change, to content: inout [UInt8]) {
        switch (rule, change.kind) {
        case (.keepBefore(let moment), _) where change.sequence < moment:
            change.apply(to: &content)
            note(change, lost: 0)
        case (.keepBefore(let moment), .write(let offset, let bytes))
        where change.sequence == moment && moment > 0:
            let kept = tornLength(of: bytes.count, at: offset)
            if kept > 0 { FileContent.apply(bytes.prefix(kept), at: offset, to: &content) }
            note(change, lost: bytes.count - kept)
        case (.keepBefore, .write(_, let bytes)): note(change, lost: bytes.count)
        case (.keepBefore, .resize): break
        case (.scatter, .write(let offset, let bytes)):
            scatter(change, bytes, at: offset, to: &content)
        case (.scatter, .resize):
            if random.chance(0.5) { change.apply(to: &content) }
        }
    }

    /// How many bytes of a write reach the disk when it is torn: less than all of them, up to
    /// the end of a sector.
    private mutating func tornLength(of count: Int, at offset: Int) -> Int {
        let ends = sectorEnds(of: count, at: offset).dropLast()
        let choice = random.index(below: ends.count + 1)
        return choice == 0 ? 0 : ends[choice - 1]
    }

    /// Where the write's sectors end, counted from its beginning.
    private func sectorEnds(of count: Int, at offset: Int) -> [Int] {
        let sector = FileContent.sectorBytes
        let first = sector - offset % sector
        return stride(from: first, to: count, by: sector) + [count]
    }

    private mutating func scatter(
        _ change: FileContent.Change, _ bytes: [UInt8], at offset: Int, to content: inout [UInt8]
    ) {
        var start = 0
        var lost = 0
        for end in sectorEnds(of: bytes.count, at: offset) {
            if random.chance(0.5) {
                FileContent.apply(bytes[start..<end], at: offset + start, to: &content)
            } else {
                lost += end - start
            }
            start = end
        }
        note(change, lost: lost)
    }

    private mutating func note(_ change: FileContent.Change, lost: Int) {
        guard case .write = change.kind else { return }
        report.lostBytes += UInt64(lost)
        if lost > 0 { report.lostWrites += 1 } else { report.keptWrites += 1 }
    }
}
