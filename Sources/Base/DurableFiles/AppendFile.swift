public import SystemCalls

/// A file that only grows, with one writer. It knows its own length, so a failed or torn
/// append can be cut off again.
///
/// With a reservation the file is grown ahead of what is appended, by zeros: a sync then writes
/// the bytes alone and not also the file's new size, and syncs of several files of one disk need
/// not wait for each other. Whoever reads such a file must tell zeros from what was appended.
public struct AppendFile: Sendable {
    public let path: String
    private let file: FileDescriptor
    /// Bytes appended as far as this writer knows; the file itself may be longer.
    public private(set) var length: Int
    private var reserved: Int
    /// Bytes to grow ahead by; 0 for none, and where the file system cannot do it.
    private var step: Int

    /// Opens or creates; a file that had to be created has its folder synced, so that it is
    /// still there after a power cut. What the file holds counts as appended.
    public init(opening path: String, reservingAhead step: Int = 0) throws(SystemError) {
        let isNew = !FileSystem.exists(path)
        self.path = path
        self.step = step
        file = try FileSystem.open(path, step > 0 ? .update : .append)
        length = try file.size()
        reserved = length
        try file.moveToOffset(length)
        if isNew { try DurableFiles.syncFolder(Path.parent(of: path) ?? ".") }
    }

    /// Appends without sync. After an error the file may hold a part of the bytes: call
    /// `truncate(to:)` with the length before, or stop using the file.
    public mutating func append(_ bytes: [UInt8]) throws(SystemError) {
        if step > 0, length + bytes.count > reserved { try reserve(length + bytes.count) }
        try file.writeAll(bytes)
        length += bytes.count
    }

    private mutating func reserve(_ needed: Int) throws(SystemError) {
        let end = (needed / step + 1) * step
        if try file.reserve(from: length, to: end) {
            reserved = end
        } else {
            step = 0
        }
    }

    /// Everything appended so far is on the disk when this returns. After an error nothing is
    /// known about any append since the last success, and repeating the sync proves nothing.
    public func sync() throws(SystemError) {
        file.beginWriteOut()
        try file.sync(.data)
    }

    public mutating func truncate(to length: Int) throws(SystemError) {
        try file.truncate(to: length)
        try file.moveToOffset(length)
        self.length = length
        reserved = length
    }
}
