import CFuse
import FaultyDisk
import Glibc
import SystemCalls

/// A disk mounted through the kernel's FUSE. The one file that knows libfuse.
///
/// Nothing is cached by the kernel, so that each operation of a daemon reaches the disk and its
/// faults at once. Operations that a fault delays are answered later; a process that is killed
/// while it waits for one is let go.
final class FuseSession {
    /// Why there is no mount.
    enum Failure: Error, CustomStringConvertible {
        case noDevice(SystemError)
        case noSession
        case mount(String)
        case device(SystemError)

        var description: String {
            switch self {
            case .noDevice(let error): "/dev/fuse cannot be used here: \(error)"
            case .noSession: "libfuse makes no session"
            case .mount(let path):
                "\(path) cannot be mounted: it takes root, or fusermount3 (package fuse3)"
            case .device(let error): "the FUSE device failed: \(error)"
            }
        }
    }

    /// An operation that waits for a fault to end.
    private struct Held {
        let request: fuse_req_t
        /// Tries again; false when it has to wait longer.
        let attempt: () -> Bool
    }

    let service: DiskService
    /// Readable when the kernel asks something.
    let descriptor: FileDescriptor
    private let session: OpaquePointer
    private var buffer = fuse_buf()
    private var held: [Held] = []
    private var interrupted: [fuse_req_t] = []

    var waiting: Int { held.count }
    var isOver: Bool { fuse_session_exited(session) != 0 }

    init(mounting service: DiskService, at path: String) throws(Failure) {
        self.service = service
        do throws(SystemError) {
            _ = try FileSystem.open("/dev/fuse", .readOnly)
        } catch {
            throw .noDevice(error)
        }
        let name = DiskServerFacts.mountName
        let options = "fsname=\(name),subtype=\(name),default_permissions"
        var words: [UnsafeMutablePointer<CChar>?] = [strdup(name), strdup("-o"), strdup(options)]
        defer { for word in words { free(word) } }
        let callbacks = CallbackTarget()
        var operations = fuseOperations()
        let made = words.withUnsafeMutableBufferPointer { list in
            var arguments = fuse_args(
                argc: Int32(list.count), argv: list.baseAddress, allocated: 0)
            defer { fuse_opt_free_args(&arguments) }
            return fuse_session_new(
                &arguments, &operations, MemoryLayout<fuse_lowlevel_ops>.size,
                Unmanaged.passRetained(callbacks).toOpaque())
        }
        guard let made else { throw .noSession }
        session = made
        guard fuse_session_mount(made, path) == 0 else {
            fuse_session_destroy(made)
            throw .mount(path)
        }
        do throws(SystemError) {
            // libfuse owns its number; ours is another for the same open device.
            descriptor = try FileDescriptor(
                duplicating: fuse_session_fd(made), subject: "/dev/fuse")
            try descriptor.setNonBlocking(true)
        } catch {
            fuse_session_unmount(made)
            fuse_session_destroy(made)
            throw .device(error)
        }
        callbacks.session = self
    }

    /// Takes the mount away, also while files on it are open; they fail from now on.
    func unmount() {
        for held in held { fuse_reply_err(held.request, EIO) }
        held = []
        fuse_session_unmount(session)
    }

    /// Answers what the kernel asks now.
    func answerPending() {
        // Bounded, so that control requests get their turn under load.
        for _ in 0..<64 {
            let size = fuse_session_receive_buf(session, &buffer)
            guard size > 0 else { break }
            fuse_session_process_buf(session, &buffer)
        }
        letInterruptedGo()
    }

    /// Tries again what waits, after faults have changed.
    func retryHeld() {
        service.expireFaults()
        let old = held
        held = []
        for entry in old where !entry.attempt() { held.append(entry) }
    }

    /// The power is gone: what waits for the disk never comes about.
    func failHeld() {
        for entry in held { fuse_reply_err(entry.request, EIO) }
        held = []
    }

    // MARK: - Answers

    /// Answers now, or when a fault lets the operation through.
    fileprivate func answer<Value>(
        _ request: fuse_req_t,
        _ attempt: @escaping (_ isRepeated: Bool) throws(DiskError) -> DiskService.Answer<Value>,
        reply: @escaping (Value) -> Void
    ) {
        let tryOnce = { (isRepeated: Bool) -> Bool in
            do throws(DiskError) {
                switch try attempt(isRepeated) {
                case .done(let value): reply(value)
                case .hold: return false
                }
            } catch {
                fuse_reply_err(request, error.code)
            }
            return true
        }
        if tryOnce(false) { return }
        held.append(Held(request: request) { tryOnce(true) })
        fuse_req_interrupt_func(request, noteInterrupt, Unmanaged.passUnretained(self).toOpaque())
    }

    fileprivate func isInterrupted(_ request: fuse_req_t) { interrupted.append(request) }

    private func letInterruptedGo() {
        for request in interrupted {
            guard let index = held.firstIndex(where: { $0.request == request }) else { continue }
            held.remove(at: index)
            fuse_reply_err(request, EINTR)
        }
        interrupted = []
    }

    fileprivate func answerAtOnce(
        _ request: fuse_req_t, _ body: () throws(DiskError) -> Void
    ) {
        do throws(DiskError) {
            try body()
        } catch {
            fuse_reply_err(request, error.code)
        }
    }
}

/// What libfuse hands to every callback; the session stands in it once it is mounted.
private final class CallbackTarget {
    unowned(unsafe) var session: FuseSession?
}

private func session(of request: fuse_req_t) -> FuseSession? {
    // The session was made with a retained target, which is never released.
    guard let data = fuse_req_userdata(request) else { return nil }
    return Unmanaged<CallbackTarget>.fromOpaque(data).takeUnretainedValue().session
}

private func noteInterrupt(_ request: fuse_req_t?, _ data: UnsafeMutableRawPointer?) {
    guard let request, let data else { return }
    // `data` is the session that registered this function and lives as long as the process.
    Unmanaged<FuseSession>.fromOpaque(data).takeUnretainedValue().isInterrupted(request)
}

extension NodeFacts {
    fileprivate var status: stat {
        var status = stat()
        status.st_ino = ino_t(id.rawValue)
        let type: mode_t =
            switch kind {
            case .file: S_IFREG
            case .folder: S_IFDIR
            }
        status.st_mode = type | mode_t(permissions & 0o7777)
        status.st_nlink = kind == .folder ? 2 : 1
        status.st_uid = getuid()
        status.st_gid = getgid()
        status.st_size = off_t(size)
        status.st_blksize = 4096
        status.st_blocks = blkcnt_t((size + 511) / 512)
        let time = timespec(
            tv_sec: time_t(modifiedNanoseconds / 1_000_000_000),
            tv_nsec: Int(modifiedNanoseconds % 1_000_000_000))
        status.st_mtim = time
        status.st_ctim = time
        status.st_atim = time
        return status
    }

    /// With no time for which the kernel may remember it.
    fileprivate var entry: fuse_entry_param {
        var entry = fuse_entry_param()
        entry.ino = fuse_ino_t(id.rawValue)
        entry.attr = status
        return entry
    }
}

private func fuseOperations() -> fuse_lowlevel_ops {
    var operations = fuse_lowlevel_ops()
    addNameOperations(to: &operations)
    addFileOperations(to: &operations)
    addFolderOperations(to: &operations)
    return operations
}

private func addNameOperations(to operations: inout fuse_lowlevel_ops) {
    operations.lookup = { request, parent, name in
        guard let request, let name, let session = session(of: request) else { return }
        session.answerAtOnce(request) { () throws(DiskError) in
            var entry = try session.service.lookUp(
                String(cString: name), in: NodeID(UInt64(parent))
            ).entry
            fuse_reply_entry(request, &entry)
        }
    }
    operations.forget = { request, node, count in
        guard let request, let session = session(of: request) else { return }
        session.service.forget(NodeID(UInt64(node)), count: count)
        fuse_reply_none(request)
    }
    operations.getattr = { request, node, _ in
        guard let request, let session = session(of: request) else { return }
        session.answerAtOnce(request) { () throws(DiskError) in
            var status = try session.service.facts(NodeID(UInt64(node))).status
            fuse_reply_attr(request, &status, 0)
        }
    }
    operations.mkdir = { request, parent, name, mode in
        guard let request, let name, let session = session(of: request) else { return }
        session.answerAtOnce(request) { () throws(DiskError) in
            var entry = try session.service.createFolder(
                String(cString: name), in: NodeID(UInt64(parent)), permissions: mode
            ).entry
            fuse_reply_entry(request, &entry)
        }
    }
    operations.unlink = { request, parent, name in
        guard let request, let name, let session = session(of: request) else { return }
        session.answerAtOnce(request) { () throws(DiskError) in
            try session.service.removeFile(String(cString: name), in: NodeID(UInt64(parent)))
            fuse_reply_err(request, 0)
        }
    }
    operations.rmdir = { request, parent, name in
        guard let request, let name, let session = session(of: request) else { return }
        session.answerAtOnce(request) { () throws(DiskError) in
            try session.service.removeFolder(String(cString: name), in: NodeID(UInt64(parent)))
            fuse_reply_err(request, 0)
        }
    }
    operations.rename = { request, parent, name, newParent, newName, flags in
        guard let request, let name, let newName, let session = session(of: request) else {
            return
        }
        session.answerAtOnce(request) { () throws(DiskError) in
            // RENAME_NOREPLACE and RENAME_EXCHANGE of linux/fs.h.
            let rules: [UInt32: VolatileDisk.RenameRule] = [0: .replace, 1: .keep, 2: .exchange]
            guard let rule = rules[flags] else { throw .invalid }
            try session.service.rename(
                String(cString: name), in: NodeID(UInt64(parent)), to: String(cString: newName),
                in: NodeID(UInt64(newParent)), rule)
            fuse_reply_err(request, 0)
        }
    }
}

private func addFileOperations(to operations: inout fuse_lowlevel_ops) {
    operations.setattr = setAttributes
    operations.create = { request, parent, name, mode, file in
        guard let request, let name, let file, let session = session(of: request) else { return }
        session.answerAtOnce(request) { () throws(DiskError) in
            let (facts, handle) = try session.service.createFile(
                String(cString: name), in: NodeID(UInt64(parent)), permissions: mode,
                appends: file.pointee.flags & O_APPEND != 0)
            var entry = facts.entry
            file.pointee.fh = handle
            file.pointee.direct_io = 1
            fuse_reply_create(request, &entry, file)
        }
    }
    operations.open = openFile
    operations.release = { request, _, file in
        guard let request, let session = session(of: request) else { return }
        if let file { session.service.close(file.pointee.fh) }
        fuse_reply_err(request, 0)
    }
    operations.read = { request, node, size, offset, _ in
        guard let request, let session = session(of: request) else { return }
        session.answer(request) { isRepeated throws(DiskError) in
            try session.service.read(
                NodeID(UInt64(node)), at: Int(offset), count: size, isRepeated: isRepeated)
        } reply: { bytes in
            _ = bytes.withUnsafeBytes { buffer in
                fuse_reply_buf(
                    request, buffer.baseAddress?.assumingMemoryBound(to: CChar.self),
                    buffer.count)
            }
        }
    }
    operations.write = { request, node, bytes, size, offset, file in
        guard let request, let bytes, let file, let session = session(of: request) else { return }
        // libfuse's buffer is used again for the next question.
        let copy = Array(UnsafeRawBufferPointer(start: bytes, count: size))
        let handle = file.pointee.fh
        session.answer(request) { isRepeated throws(DiskError) in
            try session.service.write(
                copy, to: NodeID(UInt64(node)), at: Int(offset), handle: handle,
                isRepeated: isRepeated)
        } reply: {
            fuse_reply_write(request, $0)
        }
    }
    operations.fsync = { request, node, _, _ in
        guard let request, let session = session(of: request) else { return }
        session.answer(request) { isRepeated throws(DiskError) in
            try session.service.syncFile(NodeID(UInt64(node)), isRepeated: isRepeated)
        } reply: {
            fuse_reply_err(request, 0)
        }
    }
}

private func setAttributes(
    _ request: fuse_req_t?, _ node: fuse_ino_t, _ new: UnsafeMutablePointer<stat>?, _ which: Int32,
    _ file: UnsafeMutablePointer<fuse_file_info>?
) {
    guard let request, let new, let session = session(of: request) else { return }
    let node = NodeID(UInt64(node))
    let wanted = new.pointee
    let reply = {
        session.answerAtOnce(request) { () throws(DiskError) in
            // Owners and times are accepted and kept as they are: nothing here asks for them.
            if which & FUSE_SET_ATTR_MODE != 0 {
                try session.service.setPermissions(node, UInt32(wanted.st_mode) & 0o7777)
            }
            var status = try session.service.facts(node).status
            fuse_reply_attr(request, &status, 0)
        }
    }
    guard which & FUSE_SET_ATTR_SIZE != 0 else {
        reply()
        return
    }
    session.answer(request) { isRepeated throws(DiskError) in
        try session.service.resize(node, to: Int(wanted.st_size), isRepeated: isRepeated)
    } reply: {
        reply()
    }
}

private func openFile(
    _ request: fuse_req_t?, _ node: fuse_ino_t, _ file: UnsafeMutablePointer<fuse_file_info>?
) {
    guard let request, let file, let session = session(of: request) else { return }
    let node = NodeID(UInt64(node))
    var information = file.pointee
    let reply = {
        session.answerAtOnce(request) { () throws(DiskError) in
            information.fh = try session.service.openFile(
                node, appends: information.flags & O_APPEND != 0)
            information.direct_io = 1
            fuse_reply_open(request, &information)
        }
    }
    guard information.flags & O_TRUNC != 0 else {
        reply()
        return
    }
    session.answer(request) { isRepeated throws(DiskError) in
        try session.service.resize(node, to: 0, isRepeated: isRepeated)
    } reply: {
        reply()
    }
}

private func addFolderOperations(to operations: inout fuse_lowlevel_ops) {
    operations.opendir = { request, node, file in
        guard let request, let file, let session = session(of: request) else { return }
        session.answerAtOnce(request) { () throws(DiskError) in
            file.pointee.fh = try session.service.openFolder(NodeID(UInt64(node)))
            fuse_reply_open(request, file)
        }
    }
    operations.releasedir = { request, _, file in
        guard let request, let session = session(of: request) else { return }
        if let file { session.service.close(file.pointee.fh) }
        fuse_reply_err(request, 0)
    }
    operations.readdir = { request, _, size, offset, file in
        guard let request, let file, let session = session(of: request) else { return }
        session.answerAtOnce(request) { () throws(DiskError) in
            let entries = try session.service.listing(file.pointee.fh)
            var page = [CChar](repeating: 0, count: size)
            var used = 0
            for (index, entry) in entries.enumerated().dropFirst(Int(offset)) {
                var status = entry.facts.status
                let needed = page.withUnsafeMutableBufferPointer { buffer in
                    // The page has at least `used` elements, so the sum stays inside.
                    fuse_add_direntry(
                        request, buffer.baseAddress.map { $0 + used }, size - used, entry.name,
                        &status, off_t(index + 1))
                }
                guard needed <= size - used else { break }
                used += needed
            }
            fuse_reply_buf(request, page, used)
        }
    }
    operations.fsyncdir = { request, node, _, _ in
        guard let request, let session = session(of: request) else { return }
        session.answer(request) { isRepeated throws(DiskError) in
            try session.service.syncFolder(NodeID(UInt64(node)), isRepeated: isRepeated)
        } reply: {
            fuse_reply_err(request, 0)
        }
    }
    operations.statfs = { request, _ in
        guard let request, let session = session(of: request) else { return }
        var facts = statvfs()
        facts.f_bsize = 4096
        facts.f_frsize = 4096
        facts.f_namemax = 255
        facts.f_blocks = UInt(session.service.disk.capacity / 4096)
        let free = session.service.disk.capacity - session.service.disk.usedBytes
        facts.f_bfree = UInt(max(0, free) / 4096)
        facts.f_bavail = facts.f_bfree
        fuse_reply_statfs(request, &facts)
    }
}
