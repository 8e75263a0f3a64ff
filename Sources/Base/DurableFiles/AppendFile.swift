public import SystemCalls

/// A file that only grows, with one writer. It knows its own length, so a failed or torn
/// append can be cut off again.
public struct AppendFile: Sendable {
    public let path: String
    private let file: FileDescriptor
    /// Bytes in the file as far as this writer knows.
    public private(set) var length: Int

    /// Opens or creates; a file that had to be created has its folder synced, so that it is
    /// still there after a power cut.
    public init(opening path: String) throws(SystemError) {
        let isNew = !FileSystem.exists(path)
        self.path = path
        file = try FileSystem.open(path, .append)
        length = try file.size()
        if isNew { try DurableFiles.syncFolder(Path.parent(of: path) ?? ".") }
    }

    /// Appends without sync. After an error the file may hold a part of the bytes: call
    /// `truncate(to:)` with the length before, or stop using the file.
    public mutating func append(_ bytes: [UInt8]) throws(SystemError) {
        try file.writeAll(bytes)
        length += bytes.count
    }

    /// Everything appended so far is on the disk when this returns. After an error nothing is
    /// known about any append since the last success, and repeating the sync proves nothing.
    public func sync() throws(SystemError) {
        try file.sync(.data)
    }

    public mutating func truncate(to length: Int) throws(SystemError) {
        try file.truncate(to: length)
        self.length = length
    }
}
