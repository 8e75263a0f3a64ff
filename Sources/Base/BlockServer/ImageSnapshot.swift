import DurableFiles
import SystemCalls

/// What an image held at one moment: a sparse copy without a name, which goes away with this
/// value or with the process, and the blocks that were changed since.
struct ImageSnapshot {
    /// The blocks that had been written then.
    let written: Set<Int>
    private let copy: FileDescriptor
    private var changed: Set<Int> = []

    /// Most bytes copied in one piece.
    private static let piece = 1 << 20

    init(
        of file: FileDescriptor, written: Set<Int>
    ) throws(SystemError) {
        self.written = written
        let path = file.subject + ".snapshot"
        // What a process left that was killed at this very place.
        try FileSystem.removeFile(path)
        copy = try FileSystem.open(path, .createNew)
        try FileSystem.removeFile(path)
        for extent in try file.extents() {
            for start in stride(from: extent.lowerBound, to: extent.upperBound, by: Self.piece) {
                let count = min(Self.piece, extent.upperBound - start)
                try copy.write(file.read(at: start, count: count)[...], at: start)
            }
        }
    }

    mutating func note(changed blocks: Range<Int>) { changed.formUnion(blocks) }

    /// Puts back what was changed since.
    mutating func restore(to file: FileDescriptor, size: Int) throws(SystemError) {
        for block in changed.sorted() {
            let start = block * CachedImage.blockBytes
            let count = min(CachedImage.blockBytes, size - start)
            var bytes = try copy.read(at: start, count: count)
            // Behind the last of its bytes the copy is shorter than the disk, which is all zeros.
            bytes += [UInt8](repeating: 0, count: count - bytes.count)
            try file.write(bytes[...], at: start)
        }
        changed = []
    }
}
