import FaultyDisk

/// What a disk may hold, written a second time and as simply as possible: whole contents are
/// remembered after every change, and nothing is ever forgotten. One folder, files only.
struct DiskOracle {
    struct File {
        /// The content after each change since the last sync; the first is the synced one.
        var images: [[UInt8]] = [[]]
        /// The bytes that each unsynced change wrote, for tearing; nil for a change of size.
        var writes: [(offset: Int, count: Int)?] = []

        var current: [UInt8] { images[images.count - 1] }
    }

    var files: [NodeID: File] = [:]
    /// The names after each change since the last sync of the folder.
    var names: [[String: NodeID]] = [[:]]

    var currentNames: [String: NodeID] { names[names.count - 1] }

    mutating func changeNames(_ body: (inout [String: NodeID]) -> Void) {
        var next = currentNames
        body(&next)
        names.append(next)
    }

    mutating func write(_ bytes: [UInt8], to node: NodeID, at offset: Int) {
        var image = files[node]?.current ?? []
        while image.count < offset + bytes.count { image.append(0) }
        for (index, byte) in bytes.enumerated() { image[offset + index] = byte }
        files[node]?.images.append(image)
        files[node]?.writes.append((offset, bytes.count))
    }

    mutating func resize(_ node: NodeID, to size: Int) {
        var image = files[node]?.current ?? []
        while image.count > size { image.removeLast() }
        while image.count < size { image.append(0) }
        files[node]?.images.append(image)
        files[node]?.writes.append(nil)
    }

    mutating func sync(_ node: NodeID) {
        guard let file = files[node] else { return }
        files[node] = File(images: [file.current])
    }

    mutating func syncFolder() { names = [currentNames] }

    // MARK: - After a power cut

    /// Whether these names and contents are what the cut may leave.
    func allows(
        _ left: [String: (node: NodeID, bytes: [UInt8])], after retention: Retention
    ) -> Bool {
        let leftNames = left.mapValues(\.node)
        let allowedNames = retention == .nothing ? names[..<1] : names[...]
        guard allowedNames.contains(leftNames) else { return false }
        return left.values.allSatisfy { entry in
            guard let file = files[entry.node] else { return false }
            switch retention {
            case .nothing: return entry.bytes == file.images[0]
            case .prefix, .torn: return Self.isPrefix(entry.bytes, of: file)
            case .scatter: return Self.isMixture(entry.bytes, of: file)
            }
        }
    }

    /// Some image, or one with a part of the next write that ends at a sector's end.
    private static func isPrefix(_ bytes: [UInt8], of file: File) -> Bool {
        if file.images.contains(bytes) { return true }
        for (index, write) in file.writes.enumerated() {
            guard let write else { continue }
            let end = write.offset + write.count
            let before = file.images[index]
            for cut in stride(from: 0, to: end, by: 512) where cut > write.offset {
                var torn = before
                while torn.count < cut { torn.append(0) }
                for place in write.offset..<cut { torn[place] = file.images[index + 1][place] }
                if torn == bytes { return true }
            }
        }
        return false
    }

    /// Each byte is one that stood at its place in some image, or zero where a file grew.
    private static func isMixture(_ bytes: [UInt8], of file: File) -> Bool {
        let longest = file.images.map(\.count).max() ?? 0
        guard bytes.count <= longest else { return false }
        return bytes.enumerated().allSatisfy { place, byte in
            byte == 0 || file.images.contains { place < $0.count && $0[place] == byte }
        }
    }
}
