/// An archive of files as the kernel unpacks it into the memory of a guest (cpio, format "newc").
///
/// Everything in it belongs to root and is from the beginning of 1970, so that equal contents are
/// equal bytes; who writes it needs no privilege, not even for devices.
struct CPIOArchive {
    private enum Kind: UInt32 {
        case folder = 0o040000
        case file = 0o100000
        case link = 0o120000
        case characterDevice = 0o020000
    }

    private var bytes: [UInt8] = []
    private var known: Set<String> = []
    private var lastInode: UInt32 = 0

    /// A folder, and those above it that are not there yet. Paths do not begin with a slash.
    mutating func addFolder(_ path: String, permissions: UInt32 = 0o755) {
        guard !path.isEmpty, !known.contains(path) else { return }
        addParent(of: path)
        add(path, .folder, permissions, [])
    }

    mutating func addFile(_ path: String, permissions: UInt32, _ content: [UInt8]) {
        addParent(of: path)
        add(path, .file, permissions, content)
    }

    mutating func addLink(_ path: String, to target: String) {
        addParent(of: path)
        add(path, .link, 0o777, Array(target.utf8))
    }

    mutating func addCharacterDevice(
        _ path: String, permissions: UInt32, major: UInt32, minor: UInt32
    ) {
        addParent(of: path)
        add(path, .characterDevice, permissions, [], device: (major, minor))
    }

    func contains(_ path: String) -> Bool { known.contains(path) }

    /// The whole archive, padded to `blockSize`.
    func finished(blockSize: Int = 512) -> [UInt8] {
        var archive = self
        archive.addEntry("TRAILER!!!", mode: 0, [], device: (0, 0), inode: 0)
        let rest = archive.bytes.count % blockSize
        if rest > 0 { archive.bytes += [UInt8](repeating: 0, count: blockSize - rest) }
        return archive.bytes
    }

    private mutating func addParent(of path: String) {
        guard let slash = path.lastIndex(of: "/") else { return }
        addFolder(String(path[..<slash]))
    }

    private mutating func add(
        _ path: String, _ kind: Kind, _ permissions: UInt32, _ content: [UInt8],
        device: (UInt32, UInt32) = (0, 0)
    ) {
        // The kernel takes the last of several entries of one name; nobody should have to know.
        guard known.insert(path).inserted else { return }
        lastInode += 1
        addEntry(
            path, mode: kind.rawValue | permissions, content, device: device, inode: lastInode)
    }

    private mutating func addEntry(
        _ path: String, mode: UInt32, _ content: [UInt8], device: (UInt32, UInt32), inode: UInt32
    ) {
        let name = Array(path.utf8) + [0]
        let fields: [UInt32] = [
            inode, mode, 0, 0, 1, 0, UInt32(content.count), 0, 0, device.0, device.1,
            UInt32(name.count), 0,
        ]
        bytes += Array("070701".utf8)
        for field in fields {
            let digits = String(field, radix: 16)
            bytes += [UInt8](repeating: UInt8(ascii: "0"), count: 8 - digits.utf8.count)
            bytes += Array(digits.utf8)
        }
        bytes += name
        pad()
        bytes += content
        pad()
    }

    private mutating func pad() {
        bytes += [UInt8](repeating: 0, count: (4 - bytes.count % 4) % 4)
    }
}
