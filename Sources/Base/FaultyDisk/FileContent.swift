import Randomness

/// The bytes of one file, twice: what readers see now, and what would be there after a power cut
/// that keeps nothing but what was synced. Between the two stand the changes not synced yet.
struct FileContent: Sendable {
    struct Change: Sendable {
        enum Kind: Sendable {
            case write(offset: Int, bytes: [UInt8])
            case resize(to: Int)
        }

        /// Place among all unsynced changes of the disk.
        let sequence: UInt64
        let kind: Kind
    }

    private(set) var current: [UInt8] = []
    private(set) var durable: [UInt8] = []
    private(set) var unsynced: [Change] = []

    var size: Int { current.count }

    mutating func write(_ bytes: [UInt8], at offset: Int, sequence: UInt64) {
        Self.apply(bytes[...], at: offset, to: &current)
        unsynced.append(Change(sequence: sequence, kind: .write(offset: offset, bytes: bytes)))
    }

    mutating func resize(to size: Int, sequence: UInt64) {
        Self.resize(&current, to: size)
        unsynced.append(Change(sequence: sequence, kind: .resize(to: size)))
    }

    /// Everything written so far survives from now on.
    mutating func sync() {
        for change in unsynced { change.apply(to: &durable) }
        unsynced = []
    }

    /// A sync that failed: the system forgets that the changes were to be written, as Linux
    /// does, so that no later sync makes them durable, and readers still see them.
    mutating func failSync() {
        unsynced = []
    }

    /// What `cut` leaves of the file is its content from now on.
    mutating func losePower(_ cut: inout PowerCut) {
        var left = durable
        for change in unsynced {
            switch change.kind {
            case .write(let offset, let bytes):
                for part in cut.kept(of: change.sequence, count: bytes.count, at: offset) {
                    Self.apply(bytes[part], at: offset + part.lowerBound, to: &left)
                }
            case .resize(let size):
                if cut.keepsResize(at: change.sequence) { Self.resize(&left, to: size) }
            }
        }
        current = left
        durable = left
        unsynced = []
    }

    static func apply(_ bytes: ArraySlice<UInt8>, at offset: Int, to content: inout [UInt8]) {
        if offset > content.count { resize(&content, to: offset) }
        let overlap = min(bytes.count, content.count - offset)
        content.replaceSubrange(offset..<offset + overlap, with: bytes.prefix(overlap))
        content.append(contentsOf: bytes.dropFirst(overlap))
    }

    static func resize(_ content: inout [UInt8], to size: Int) {
        if size < content.count {
            content.removeLast(content.count - size)
        } else {
            content.append(contentsOf: repeatElement(0, count: size - content.count))
        }
    }
}

extension FileContent.Change {
    func apply(to content: inout [UInt8]) {
        switch kind {
        case .write(let offset, let bytes):
            FileContent.apply(bytes[...], at: offset, to: &content)
        case .resize(let size): FileContent.resize(&content, to: size)
        }
    }
}
