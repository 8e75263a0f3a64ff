import ClusterProtocol
import Hosts
import LeaseKernel
import Remote
import SystemCalls
import TestSupport
import Testbed

/// Three machines that are this one, each with a folder and ports of its own.
enum HostBench {
    static func withMachines(
        grace: Duration = .seconds(30), remote: () throws -> any Remote = { LocalRemote() },
        _ body: (HostTestbed.Configuration, _ folder: String) throws -> Void
    ) throws {
        let folder = try FileSystem.makeTemporaryFolder(prefix: "host-tests")
        defer { try? FileSystem.removeTree(folder) }
        let ports = try FreePorts(9)
        let remote = try remote()
        let machines = (1...3).map { number in
            HostMachine(
                replica: ReplicaID(UInt64(number)), remote: remote,
                folder: Path.join(folder, "machines"), lane: "lane-1")
        }
        let configuration = HostTestbed.Configuration(
            machines: machines, addresses: ReplicaAddresses.loopback(ports: ports.numbers),
            binary: try builtExecutable("allocdb-local-cluster"), grace: grace)
        try body(configuration, folder)
    }

    static func withCluster(
        grace: Duration = .seconds(30), _ body: (HostTestbed) throws -> Void
    ) throws {
        try withMachines(grace: grace) { configuration, _ in
            let testbed = try HostTestbed(configuration)
            defer { testbed.discard() }
            try testbed.start()
            try testbed.converge(within: .seconds(60))
            try body(testbed)
        }
    }

    /// Processes whose command line names something below `folder`.
    static func processes(below folder: String) -> [Int32] {
        let wanted = Array((folder + "/").utf8)
        return ((try? FileSystem.list("/proc")) ?? []).compactMap { Int32($0) }.filter { process in
            guard process != Processes.ownID,
                let words = try? FileSystem.read("/proc/\(process)/cmdline", limit: 1 << 20)
            else { return false }
            return words.contains(wanted)
        }
    }
}
