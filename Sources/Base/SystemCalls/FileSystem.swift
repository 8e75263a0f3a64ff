import CSystem
import Glibc

/// Files and folders by path. Contents that must survive a power cut go through DurableFiles.
public enum FileSystem {
    public enum Kind: Equatable, Sendable {
        case file
        case folder
        case symbolicLink
        case other
    }

    /// What a name stands for.
    public struct Facts: Equatable, Sendable {
        public let kind: Kind
        public let size: Int64
        public let modifiedNanoseconds: Int64
        /// Number of the file on its device: equal for two names of one file.
        public let inode: UInt64
        public let permissions: UInt32
    }

    public enum Mode: Sendable {
        case readOnly
        /// Creates or truncates.
        case replace
        /// Creates when missing, writes always at the end.
        case append
        /// Creates when missing, reads and writes anywhere.
        case update
        /// Fails with EEXIST when the name is taken.
        case createNew
    }

    public static func open(
        _ path: String, _ mode: Mode, permissions: UInt32 = 0o644
    ) throws(SystemError) -> FileDescriptor {
        let flags: Int32 =
            switch mode {
            case .readOnly: O_RDONLY
            case .replace: O_WRONLY | O_CREAT | O_TRUNC
            case .append: O_WRONLY | O_CREAT | O_APPEND
            case .update: O_RDWR | O_CREAT
            case .createNew: O_RDWR | O_CREAT | O_EXCL
            }
        let raw = try check("open", path) { csystem_open(path, flags, permissions) }
        return FileDescriptor(owning: raw, subject: path)
    }

    /// The whole content; more than `limit` bytes is an error (EFBIG) and reads nothing further.
    public static func read(_ path: String, limit: Int) throws(SystemError) -> [UInt8] {
        let file = try open(path, .readOnly)
        var bytes: [UInt8] = []
        while true {
            let piece = try file.read(atMost: min(1 << 20, limit + 1 - bytes.count))
            if piece.isEmpty { return bytes }
            bytes += piece
            if bytes.count > limit {
                throw SystemError(call: "read", code: EFBIG, subject: path)
            }
        }
    }

    /// Creates or truncates and writes, without any sync.
    public static func write(_ bytes: [UInt8], to path: String) throws(SystemError) {
        try open(path, .replace).writeAll(bytes)
    }

    /// Facts about the name itself; nil when there is nothing of that name.
    public static func facts(_ path: String) throws(SystemError) -> Facts? {
        var status = stat()
        do throws(SystemError) {
            try check("lstat", path) { lstat(path, &status) }
        } catch {
            if error.isMissing { return nil }
            throw error
        }
        let kind: Kind =
            switch status.st_mode & S_IFMT {
            case S_IFREG: .file
            case S_IFDIR: .folder
            case S_IFLNK: .symbolicLink
            default: .other
            }
        return Facts(
            kind: kind, size: Int64(status.st_size),
            modifiedNanoseconds: Int64(status.st_mtim.tv_sec) * 1_000_000_000
                + Int64(status.st_mtim.tv_nsec),
            inode: UInt64(status.st_ino), permissions: status.st_mode & 0o7777)
    }

    public static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }
    public static func isExecutable(_ path: String) -> Bool { access(path, X_OK) == 0 }

    /// Creates the folder and all missing parents.
    public static func createFolders(_ path: String) throws(SystemError) {
        if mkdir(path, 0o755) == 0 { return }
        let code = errno
        if code == EEXIST {
            var status = stat()
            try check("stat", path) { stat(path, &status) }
            if status.st_mode & S_IFMT == S_IFDIR { return }
            throw SystemError(call: "mkdir", code: ENOTDIR, subject: path)
        }
        guard code == ENOENT, let parent = Path.parent(of: path) else {
            throw SystemError(call: "mkdir", code: code, subject: path)
        }
        try createFolders(parent)
        // Somebody else may have created it meanwhile.
        if mkdir(path, 0o755) != 0, errno != EEXIST {
            throw SystemError(call: "mkdir", code: errno, subject: path)
        }
    }

    /// Names inside a folder, sorted, without `.` and `..`.
    public static func list(_ path: String) throws(SystemError) -> [String] {
        guard let folder = opendir(path) else {
            throw SystemError(call: "opendir", code: errno, subject: path)
        }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { tuple in
                tuple.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    public static func rename(_ path: String, to target: String) throws(SystemError) {
        try check("rename", "\(path) to \(target)") { Glibc.rename(path, target) }
    }

    /// Gives each of two existing names what the other stands for, in one step: nobody ever
    /// finds either name missing. Both lie on one file system.
    public static func exchange(_ path: String, with other: String) throws(SystemError) {
        try check("renameat2", "\(path) and \(other)") { csystem_exchange_names(path, other) }
    }

    /// Removes a file or a link. Removing what is not there is no error and returns false.
    @discardableResult
    public static func removeFile(_ path: String) throws(SystemError) -> Bool {
        do throws(SystemError) {
            try check("unlink", path) { unlink(path) }
            return true
        } catch {
            if error.code == ENOENT { return false }
            throw error
        }
    }

    /// Removes a file, or a folder with everything in it. Links are removed, never followed.
    public static func removeTree(_ path: String) throws(SystemError) {
        guard let facts = try facts(path) else { return }
        guard facts.kind == .folder else {
            try removeFile(path)
            return
        }
        for name in try list(path) { try removeTree(Path.join(path, name)) }
        try check("rmdir", path) { rmdir(path) }
    }

    /// The path without links and dots; everything on it must exist.
    public static func resolve(_ path: String) throws(SystemError) -> String {
        guard let resolved = realpath(path, nil) else {
            throw SystemError(call: "realpath", code: errno, subject: path)
        }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    public static func readLink(_ path: String) throws(SystemError) -> String {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = try check("readlink", path) { readlink(path, &buffer, buffer.count) }
        return String(decoding: buffer.prefix(count).map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    /// Atomically makes `link` point at `target`, replacing an older link.
    public static func replaceLink(_ link: String, target: String) throws(SystemError) {
        let temporary = link + ".tmp"
        try removeFile(temporary)
        try check("symlink", temporary) { symlink(target, temporary) }
        try rename(temporary, to: link)
    }

    /// A new empty folder below the system's temporary folder, for the caller to remove.
    public static func makeTemporaryFolder(prefix: String) throws(SystemError) -> String {
        let base = Environment["TMPDIR"] ?? "/tmp"
        var template = Array(Path.join(base, prefix + "-XXXXXX").utf8CString)
        guard mkdtemp(&template) != nil else {
            throw SystemError(call: "mkdtemp", code: errno, subject: base)
        }
        return String(
            decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}

/// Path arithmetic on text; nothing is looked up.
public enum Path {
    public static func join(_ folder: String, _ name: String) -> String {
        folder.hasSuffix("/") ? folder + name : folder + "/" + name
    }

    /// Everything before the last component; nil for a single component and for the root.
    public static func parent(of path: String) -> String? {
        var end = path.utf8.count
        let bytes = Array(path.utf8)
        while end > 1, bytes[end - 1] == UInt8(ascii: "/") { end -= 1 }
        guard let slash = bytes[..<end].lastIndex(of: UInt8(ascii: "/")) else { return nil }
        if slash == 0 { return end == 1 ? nil : "/" }
        return String(decoding: bytes[..<slash], as: UTF8.self)
    }

    public static func lastComponent(of path: String) -> String {
        path.split(separator: "/").last.map(String.init) ?? path
    }
}
