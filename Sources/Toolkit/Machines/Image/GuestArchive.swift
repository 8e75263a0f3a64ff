import GuestAssets
import SystemCalls

/// Puts the root file system of guests together.
struct GuestArchive {
    let system: UnpackedSystem
    let keys: GuestKeys
    let agent: [UInt8]
    /// Empty when there is none.
    let daemon: [UInt8]

    private static let libraryFolder = "lib/x86_64-linux-gnu"
    private static let loader = "ld-linux-x86-64.so.2"

    /// What every guest has.
    func root() throws(GuestImageError) -> [UInt8] {
        var archive = CPIOArchive()
        addFolders(&archive)
        archive.addFile("init", permissions: 0o755, GuestAsset.initProgram.bytes)
        try addBusybox(&archive)
        try addModules(&archive)
        var programs: [(name: String, bytes: [UInt8])] = [
            ("dropbear", try system.read("usr/sbin/dropbear", for: "a guest"))
        ]
        archive.addFile("usr/sbin/dropbear", permissions: 0o755, programs[0].bytes)
        archive.addFile("usr/bin/allocdb-guest-agent", permissions: 0o755, agent)
        if !daemon.isEmpty {
            archive.addFile(
                String(GuestImage.daemonPath.dropFirst()), permissions: 0o755, daemon)
            programs.append(("the daemon", daemon))
        }
        for (name, bytes) in try system.libraries(GuestImage.promisedLibraries) {
            programs.append((name, bytes))
            addLibrary(name, bytes, to: &archive)
        }
        for (name, bytes) in try system.libraryClosure(of: programs) {
            addLibrary(name, bytes, to: &archive)
        }
        try addAccounts(&archive)
        return archive.finished()
    }

    /// What the guest of a probe has.
    func probe() throws(GuestImageError) -> [UInt8] {
        var archive = CPIOArchive()
        archive.addCharacterDevice("dev/console", permissions: 0o600, major: 5, minor: 1)
        archive.addFolder("proc")
        archive.addFile("init", permissions: 0o755, GuestAsset.probeProgram.bytes)
        try addBusybox(&archive)
        return archive.finished()
    }

    private func addFolders(_ archive: inout CPIOArchive) {
        // The kernel opens the console before anything is mounted.
        archive.addCharacterDevice("dev/console", permissions: 0o600, major: 5, minor: 1)
        archive.addCharacterDevice("dev/null", permissions: 0o666, major: 1, minor: 3)
        for name in ["proc", "sys", "run", "var/lib/allocdb", "var/log", "etc", "mnt"] {
            archive.addFolder(name)
        }
        archive.addFolder("tmp", permissions: 0o1777)
        archive.addFolder("root", permissions: 0o700)
    }

    private func addBusybox(_ archive: inout CPIOArchive) throws(GuestImageError) {
        let busybox = try system.read("bin/busybox", for: "a guest")
        archive.addFile("bin/busybox", permissions: 0o755, busybox)
        // It lists what it can be called, on this machine: it is static.
        let list = try Tool.run(
            Path.join(system.root, "bin/busybox"), ["--list"], in: system.root)
        for name in list.split(separator: "\n") where name != "busybox" && name != "init" {
            archive.addLink("bin/\(name)", to: "busybox")
        }
    }

    private func addModules(_ archive: inout CPIOArchive) throws(GuestImageError) {
        let modules = try system.moduleOrder(GuestImage.modules)
        for (name, bytes) in modules {
            archive.addFile("lib/modules/\(name).ko", permissions: 0o644, bytes)
        }
        let order = modules.map { "\($0.name).ko\n" }.joined()
        archive.addFile("lib/modules/order", permissions: 0o644, Array(order.utf8))
    }

    private func addLibrary(_ name: String, _ bytes: [UInt8], to archive: inout CPIOArchive) {
        archive.addFile("\(Self.libraryFolder)/\(name)", permissions: 0o755, bytes)
        // Programs name their loader by this path.
        if name == Self.loader {
            archive.addLink("lib64/\(name)", to: "/\(Self.libraryFolder)/\(name)")
        }
    }

    private func addAccounts(_ archive: inout CPIOArchive) throws(GuestImageError) {
        let files: KeyValuePairs = [
            "etc/passwd": "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n",
            "etc/group": "root:x:0:\nnogroup:x:65534:\n",
            "etc/shells": "/bin/sh\n",
            "etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
        ]
        for (path, text) in files {
            archive.addFile(path, permissions: 0o644, Array(text.utf8))
        }
        // No password opens the account; a key does.
        archive.addFile("etc/shadow", permissions: 0o600, Array("root:*:19000::::::\n".utf8))
        archive.addFolder("root/.ssh", permissions: 0o700)
        archive.addFile(
            "root/.ssh/authorized_keys", permissions: 0o600, try keys.authorizedKeys())
        archive.addFolder("etc/dropbear", permissions: 0o700)
        archive.addFile(
            "etc/dropbear/host_key", permissions: 0o600, try keys.dropbearHostKey())
    }
}
