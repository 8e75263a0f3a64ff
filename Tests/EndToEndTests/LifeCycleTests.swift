import ClusterHarness
import ClusterProtocol
import LeaseKernel
import SystemCalls
import Testing

extension EndToEndTests {
    @Suite("Daemons start, stop and keep out of each other's way")
    struct LifeCycle {
        @Test("a second daemon on the same workspace is refused by the lock and touches nothing")
        func secondDaemon() {
            LiveCluster.run { cluster in
                try cluster.commit(.createResource(ResourceID(1)), slot: 1)
                let process = try #require(cluster.processID(1))
                let before = try filesAtRest(of: cluster.replica(1), cluster)
                let run = try cluster.runSecondDaemon(1, within: .seconds(20))
                try cluster.require(
                    run.status == .exited(code: 1), "it ends with status 1, not \(run.status)")
                try cluster.require(
                    run.errorText.contains("\(process)"),
                    "it names process \(process): \(run.errorText)")
                try cluster.require(
                    try files(of: cluster.replica(1)) == before, "no file was touched")
                try cluster.commit(.createResource(ResourceID(2)), slot: 1)
            }
        }

        @Test("SIGTERM stops cleanly, and the next start has everything")
        func terminate() {
            LiveCluster.run { cluster in
                try cluster.commit(.createResource(ResourceID(1)), slot: 1)
                for number: UInt64 in 1...3 { try cluster.awaitCommit(LSN(1), at: number) }
                for number: UInt64 in 1...3 {
                    let status = try cluster.terminate(number)
                    try cluster.require(status.isSuccess, "replica \(number): \(status)")
                    let pidPath = cluster.replica(number).pidPath
                    try cluster.require(!FileSystem.exists(pidPath), "\(pidPath) is gone")
                    try cluster.require(
                        try cluster.log(number).contains("replica=\(number) shutdown=clean"),
                        "the log says shutdown=clean")
                }
                for number: UInt64 in 1...3 { try cluster.start(number) }
                let reply = try answered(cluster, by: 1)
                guard case .response(.resource) = reply else {
                    throw LiveCluster.Unmet("the resource is there after the restart: \(reply)")
                }
            }
        }

        @Test("stop on the control port ends the daemon with status 0")
        func stop() {
            LiveCluster.run { cluster in
                let reply = try cluster.control(.stop, at: 2)
                try cluster.require(
                    reply == ControlReply.acknowledgement, "stop is acknowledged: \(reply)")
                try cluster.waitUntil("replica 2 has ended") { !cluster.isRunning(2) }
                try cluster.require(
                    !FileSystem.exists(cluster.replica(2).pidPath), "its pid file is gone")
                try cluster.commit(.createResource(ResourceID(1)), slot: 1)
            }
        }

        @Test("an isolated primary answers clients in words, the control port as ever")
        func isolated() {
            LiveCluster.run { cluster in
                try cluster.commit(.createResource(ResourceID(1)), slot: 1)
                try cluster.setIsolated(1, true)
                try cluster.waitUntil("the primary refuses clients") {
                    (try? cluster.read(ResourceID(1))) == .text(.isolated)
                }
                _ = try cluster.status(1)
                try cluster.setIsolated(1, false)
                try cluster.eventuallyCommit(.createResource(ResourceID(2)), slot: 1)
            }
        }

        @Test("a damaged fault file ends nobody and changes nothing")
        func damagedFaultFile() {
            LiveCluster.run { cluster in
                for bytes in [[0xff, 0xfe], Array("garbage\n".utf8), []] as [[UInt8]] {
                    try FileSystem.write(bytes, to: cluster.layout.faultsPath)
                    try cluster.eventuallyCommit(
                        .createResource(ResourceID(UInt128(bytes.count))), slot: 1)
                }
                for number: UInt64 in 1...3 {
                    try cluster.require(cluster.isRunning(number), "replica \(number) runs")
                }
            }
        }

        private func answered(
            _ cluster: LiveCluster, by number: UInt64
        ) throws -> ClientReply {
            var reply = ClientReply.empty
            try cluster.waitUntil("replica \(number) serves reads") {
                reply = try cluster.read(ResourceID(1), at: number)
                if case .response = reply { return true }
                return false
            }
            return reply
        }

        /// The files once the running daemon has written all it has to write.
        private func filesAtRest(
            of replica: ReplicaLayout, _ cluster: LiveCluster
        ) throws -> [String: [UInt8]] {
            var last = try files(of: replica)
            var unchangedSince = Instant.now
            try cluster.waitUntil("the files of replica \(replica.id) are at rest") {
                let current = try files(of: replica)
                if current != last {
                    last = current
                    unchangedSince = .now
                }
                return Instant.now - unchangedSince > .seconds(1)
            }
            return last
        }

        /// Content of everything a second daemon could spoil.
        private func files(of replica: ReplicaLayout) throws -> [String: [UInt8]] {
            var files: [String: [UInt8]] = [:]
            for name in try FileSystem.list(replica.workspaceDirectory) {
                let path = Path.join(replica.workspaceDirectory, name)
                files[path] = try FileSystem.read(path, limit: 64 << 20)
            }
            files[replica.pidPath] = try FileSystem.read(replica.pidPath, limit: 4096)
            return files
        }
    }
}
