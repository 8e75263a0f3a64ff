import Glibc
public import SystemCalls

/// File contents that survive a power cut once the call has returned.
public enum DurableFiles {
    /// How much of a file a sync covers.
    public enum Sync: Sendable {
        /// Content and what is needed to read it back (`fdatasync`).
        case data
        /// Times and permissions as well (`fsync`).
        case full
    }

    /// Steps of `replace` in their order, for tests that stop between them.
    public enum ReplaceStep: String, CaseIterable, Sendable {
        case written, synced, renamed, folderSynced
    }

    /// Replaces `path` as a whole: a reader, and a machine that comes back, find either the old
    /// content or the new one. Missing parent folders are created; the temporary file is
    /// `<path>.tmp` unless named, and a stale one is overwritten (replica.md 1).
    ///
    /// `observe` is called after each step.
    public static func replace(
        _ path: String, with bytes: [UInt8], temporary: String? = nil, sync: Sync = .data,
        observe: (ReplaceStep) -> Void = { _ in }
    ) throws(SystemError) {
        let temporary = temporary ?? path + ".tmp"
        let parent = Path.parent(of: path) ?? "."
        try FileSystem.createFolders(parent)
        let file = try FileSystem.open(temporary, .replace)
        try file.writeAll(bytes)
        observe(.written)
        try file.sync(sync)
        observe(.synced)
        file.close()
        try FileSystem.rename(temporary, to: path)
        observe(.renamed)
        try syncFolder(parent)
        observe(.folderSynced)
    }

    /// Makes creations, renames and removals inside the folder permanent.
    public static func syncFolder(_ path: String) throws(SystemError) {
        try FileSystem.open(path, .readOnly).sync(.full)
    }

    /// The content of a file of at most `limit` bytes; nil when there is none.
    public static func readIfPresent(_ path: String, limit: Int) throws(SystemError) -> [UInt8]? {
        do throws(SystemError) {
            return try FileSystem.read(path, limit: limit)
        } catch {
            if error.code == ENOENT { return nil }
            throw error
        }
    }
}

extension FileDescriptor {
    /// Waits until the disk has what was written.
    public func sync(_ kind: DurableFiles.Sync) throws(SystemError) {
        let result: Int32
        let name: String
        switch kind {
        case .data:
            name = "fdatasync"
            result = retryingInterrupts { fdatasync(rawValue) }
        case .full:
            name = "fsync"
            result = retryingInterrupts { fsync(rawValue) }
        }
        if result != 0 { throw SystemError(call: name, code: errno, subject: subject) }
    }

    public func truncate(to size: Int) throws(SystemError) {
        if retryingInterrupts({ ftruncate(rawValue, off_t(size)) }) != 0 {
            throw SystemError(call: "ftruncate", code: errno, subject: subject)
        }
    }

    /// Where the next write goes, counted from the beginning.
    public func moveToOffset(_ offset: Int) throws(SystemError) {
        if lseek(rawValue, off_t(offset), SEEK_SET) < 0 {
            throw SystemError(call: "lseek", code: errno, subject: subject)
        }
    }

    /// The size of the open file.
    public func size() throws(SystemError) -> Int {
        var status = stat()
        if fstat(rawValue, &status) != 0 {
            throw SystemError(call: "fstat", code: errno, subject: subject)
        }
        return Int(status.st_size)
    }

    /// Reads up to `count` bytes from an offset, fewer only at the end of the file.
    public func read(at offset: Int, count: Int) throws(SystemError) -> [UInt8] {
        var failure: SystemError?
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            do throws(SystemError) {
                filled = try read(at: offset, into: UnsafeMutableRawBufferPointer(buffer))
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return bytes
    }

    /// Writes all bytes from an offset on; the file grows if need be.
    public func write(_ bytes: ArraySlice<UInt8>, at offset: Int) throws(SystemError) {
        var failure: Int32 = 0
        bytes.withUnsafeBytes { buffer in
            var written = 0
            while written < buffer.count {
                // The buffer holds at least one byte here, so it has an address.
                let result = pwrite(
                    rawValue, buffer.baseAddress! + written, buffer.count - written,
                    off_t(offset + written))
                if result >= 0 {
                    written += result
                } else if errno != EINTR {
                    failure = errno
                    return
                }
            }
        }
        if failure != 0 { throw SystemError(call: "pwrite", code: failure, subject: subject) }
    }

    /// The parts of a file that hold something; what is between them reads as zeros and takes no
    /// room. Whole file systems' blocks, as far as the file system can tell.
    public func extents() throws(SystemError) -> [Range<Int>] {
        // SEEK_DATA and SEEK_HOLE of Linux, which only _GNU_SOURCE shows.
        let (data, hole): (Int32, Int32) = (3, 4)
        var extents: [Range<Int>] = []
        var start = lseek(rawValue, 0, data)
        while start >= 0 {
            let end = lseek(rawValue, start, hole)
            guard end > start else { break }
            extents.append(Int(start)..<Int(end))
            start = lseek(rawValue, end, data)
        }
        // Behind the last of them there is nothing any more.
        guard errno == ENXIO else {
            throw SystemError(call: "lseek", code: errno, subject: subject)
        }
        return extents
    }

    /// Fills `buffer` from a place in the file on; returns how many bytes there were.
    public func read(
        at offset: Int, into buffer: UnsafeMutableRawBufferPointer
    ) throws(SystemError) -> Int {
        var filled = 0
        while filled < buffer.count {
            // The buffer holds at least one byte here, so it has an address.
            let result = pread(
                rawValue, buffer.baseAddress! + filled, buffer.count - filled,
                off_t(offset + filled))
            if result == 0 { break }
            if result > 0 {
                filled += result
            } else if errno != EINTR {
                throw SystemError(call: "pread", code: errno, subject: subject)
            }
        }
        return filled
    }

    private func retryingInterrupts(_ body: () -> Int32) -> Int32 {
        while true {
            let result = body()
            if result != -1 || errno != EINTR { return result }
        }
    }
}
