import SystemCalls

/// Where the things of one lane lie in its workspace. Sockets are elsewhere, below the temporary
/// folder: their names must be short.
public struct LaneFiles: Hashable, Sendable {
    public let workspace: String

    public init(workspace: String) {
        self.workspace = workspace
    }

    /// Everything of machines in this workspace; `testbed destroy` removes it.
    public var folder: String { Path.join(workspace, "qemu") }
    /// Consoles, and what QEMU and the keeper complain about.
    public var logs: String { Path.join(folder, "logs") }
    public var disks: String { Path.join(folder, "disks") }
    /// The empty file system that every guest's disk begins as.
    public var emptyDisk: String { Path.join(disks, "empty.qcow2") }
    /// There while all disks hold the state that a reset goes back to; what it was made with.
    public var cleanMark: String { Path.join(disks, "clean") }
    /// Where the keeper of the running lane listens.
    public var keeperNote: String { Path.join(folder, "keeper") }
    public var knownHosts: String { Path.join(folder, "known_hosts") }
    /// Held by the keeper.
    var lock: String { Path.join(folder, "lock") }
    /// What the keeper itself complains about.
    public var keeperLog: String { Path.join(logs, "keeper.log") }

    /// The name under which all guests' key is known.
    public static let hostAlias = "allocdb-guest"

    /// Everything a guest wrote to its console.
    public func console(of member: LaneMember) -> String {
        Path.join(logs, "\(member).console")
    }

    /// One machine's line of a status (testbeds.md 2.1).
    public static func statusLine(
        _ member: LaneMember, _ state: String, _ files: LaneFiles
    ) -> String {
        "guest=\(member) kind=\(member == .control ? "control" : "replica") state=\(state) "
            + "console=\(files.console(of: member))"
    }

    static let diskMebibytes = 256

    /// Makes the folders and the empty disk, if they are not there.
    func prepare() throws(LaneError) {
        do throws(SystemError) {
            for path in [logs, disks] { try FileSystem.createFolders(path) }
        } catch {
            throw .system(during: "making the folders of the lane", error)
        }
        if FileSystem.exists(emptyDisk) { return }
        let raw = Path.join(disks, "empty.raw")
        defer { _ = try? FileSystem.removeFile(raw) }
        // Everything is initialised now: a guest would do it in the background of its tests.
        try Self.run(
            "mke2fs",
            [
                "-q", "-t", "ext4", "-E", "lazy_itable_init=0,lazy_journal_init=0", raw,
                "\(Self.diskMebibytes)M",
            ])
        try Self.run("qemu-img", ["convert", "-O", "qcow2", raw, emptyDisk + ".new"])
        do throws(SystemError) {
            try FileSystem.rename(emptyDisk + ".new", to: emptyDisk)
        } catch {
            throw .system(during: "making the empty disk", error)
        }
    }

    /// Makes the disk of a guest on top of the empty one.
    func makeDisk(at path: String) throws(LaneError) {
        try Self.run(
            "qemu-img", ["create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", emptyDisk, path])
    }

    private static func run(_ program: String, _ arguments: [String]) throws(LaneError) {
        let run: CapturedRun
        do throws(SystemError) {
            // File systems are made by a program that not every user's search path finds.
            var environment = Environment.all
            environment["PATH"] = (environment["PATH"] ?? "") + ":/usr/sbin:/sbin"
            run = try CapturedRun(
                program, arguments, environment: environment, until: .after(.seconds(120)))
        } catch {
            throw .system(during: "running \(program)", error)
        }
        guard run.status.isSuccess else {
            throw .tool(
                ([program] + arguments).joined(separator: " "),
                said: "\(run.status) \(run.errorText)")
        }
    }
}
