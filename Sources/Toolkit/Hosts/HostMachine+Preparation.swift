import ByteCoding
import ClusterProtocol
import Digests
import LeaseKernel
import Remote
import SystemCalls
import Testbed

/// Getting a machine ready for its replica, and leaving it as it was.
extension HostMachine {
    var layoutPath: String { Path.join(folder, ClusterLayout.fileName) }
    var faultsPath: String { Path.join(folder, FaultState.fileName) }
    private var program: String { Path.join(folder, "run/daemon-program") }

    /// How long a daemon may take on its way there.
    static let uploadLimit = Duration.seconds(300)

    /// Makes the folder, puts the script into it, and claims it. Refuses a folder that a tool
    /// works in which lives; what one of this machine left behind that does not is ended first.
    func takeOver(as token: String, grace: Duration) throws(TestbedError) {
        let quoted = ShellText.quoted(folder)
        try run("mkdir -p \(quoted)/run \(quoted)/logs", step: "making its folder")
        let path = ShellText.quoted(Path.join(folder, LaneScript.name))
        // In one step, because a watcher of an earlier start may be about to run it.
        try run(
            "cat >\(path).new && mv -f \(path).new \(path)", input: Array(LaneScript.text.utf8),
            step: "writing its script")
        guard let owner = try claim(token, grace: grace) else { return try empty() }
        guard HostOwner(token: owner)?.isGone == true else {
            throw .refused(
                testbed: "ssh",
                reason: "\(folder) on the machine of replica \(replica) is in use by \(owner); "
                    + "wait until that run is over, or \(grace) if its tool is gone")
        }
        try abandon(owner)
        if let other = try claim(token, grace: grace) {
            throw .refused(testbed: "ssh", reason: "\(other) was faster to take \(folder)")
        }
        try empty()
    }

    /// Nothing of an earlier run stays but the claim.
    private func empty() throws(TestbedError) {
        _ = try end("KILL", patience: .zero)
        let quoted = ShellText.quoted(folder)
        try run(
            "cd \(quoted) && rm -rf replica-* logs run/daemon run/ended run/abandoned run/lease-* && mkdir -p logs",
            step: "emptying its folder")
    }

    /// Puts the daemon and its files there. A daemon that is there already, by its content, is not
    /// sent again.
    func install(_ binary: String, _ layout: ClusterLayout) throws(TestbedError) {
        let digest: String
        do {
            let bytes = try FileSystem.read(binary, limit: 1 << 30)
            digest = Hexadecimal.encode(try SHA256.digest(of: bytes))
        } catch {
            throw .machine(replica, during: "reading \(binary)", "\(error)")
        }
        let target = Path.join(programs, digest)
        let quoted = ShellText.quoted(target)
        let found = try run(
            "mkdir -p \(ShellText.quoted(programs)); test -x \(quoted) && echo there || echo missing",
            step: "looking for the daemon")
        if found != "there\n" {
            do throws(RemoteError) {
                try remote.upload(
                    binary, to: target, permissions: 0o755, until: .after(Self.uploadLimit))
            } catch {
                throw .machine(replica, during: "sending the daemon", "\(error)")
            }
        }
        var own = layout
        own.workspaceRoot = folder
        let text: String
        do throws(ClusterFileError) {
            text = try own.encoded()
        } catch {
            throw .layout("\(error)")
        }
        let healthy = FaultState(workspaceRoot: folder).text
        try write(Array(text.utf8), to: layoutPath)
        try write(Array(healthy.utf8), to: Path.join(folder, "run/healthy"))
        try run(
            "ln -sf \(quoted) \(ShellText.quoted(program))", step: "naming the daemon's program")
        try heal()
    }

    private func write(_ bytes: [UInt8], to path: String) throws(TestbedError) {
        let quoted = ShellText.quoted(path)
        try run(
            "cat >\(quoted).new && mv -f \(quoted).new \(quoted)", input: bytes,
            step: "writing \(Path.lastComponent(of: path))")
    }

    func startDaemon(_ place: ReplicaLayout) throws(TestbedError) {
        // A killed daemon leaves its process number behind, which might be another's by now.
        try run("rm -f \(ShellText.quoted(place.pidPath))", step: "removing the process number")
        try start(
            log: place.logPath,
            [program, "replica-daemon", "--layout-file", layoutPath, "--replica-id", "\(replica)"])
    }

    func removePrograms() throws(TestbedError) {
        try run("rm -rf \(ShellText.quoted(programs))", step: "removing its programs")
    }

    /// Ends everything of `token`'s there and removes the replica's folder. The daemon's program
    /// stays for the next run. A folder that has another owner by now is left alone.
    func remove(_ token: String) throws(TestbedError) {
        guard let owner = try owner(), owner == token || owner == Self.nobody else { return }
        try abandon(token)
        let quoted = ShellText.quoted(folder)
        try run("rm -rf \(quoted)", step: "removing its folder")
        if let parent = Path.parent(of: folder) {
            _ = try? run(
                "rmdir \(ShellText.quoted(parent)) 2>/dev/null || true", step: "removing the lane")
        }
    }
}
