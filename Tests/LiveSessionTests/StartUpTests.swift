import ClusterProtocol
import ClusterRunner
import LeaseKernel
import SystemCalls
import TestSupport
import Testing

/// What a daemon says when its layout's bounds make no sense (cluster-layout.json).
@Suite struct StartUpTests {
    /// The layout keys behind the short names of the recorded cases.
    private static let keys = [
        "max_submission_queue": "engine.max_submission_queue",
        "max_command_bytes": "engine.max_command_bytes",
        "max_expirations_per_tick": "engine.max_expirations_per_tick",
    ]

    private func changes(_ name: String) throws -> [String: String] {
        if name == "default" { return [:] }
        if name == "engine_and_core_both_bad" {
            return ["engine.max_submission_queue": "0", "core.max_resources": "0"]
        }
        let parts = name.split(separator: "=").map(String.init)
        try #require(parts.count == 2)
        let value = parts[1] == "max" ? "\(UInt64.max)" : parts[1]
        return [Self.keys[parts[0]] ?? "core.\(parts[0])": value]
    }

    @Test("bad bounds end the daemon with the recorded sentence, before it has a pid file")
    func badBounds() throws {
        let cases = try Vectors.json("cluster-layout.json")["start_up_configuration_errors"].array
        for test in cases {
            let name = try #require(test["name"].string)
            let result = try #require(test["result"].string)
            // The default layout starts; every other test of this package shows that.
            if result == "Active" { continue }
            try withTemporaryFolder { folder in
                let cluster = try SessionCluster(
                    folder: folder, layoutChanges: changes(name), smallDisk: nil)
                let run = try cluster.run([
                    "replica-daemon", "--layout-file", "<workspace>/cluster-layout.txt",
                    "--replica-id", "1",
                ])
                #expect(run.status == .exited(code: 1), "\(name)")
                #expect(run.errorText.hasSuffix(result + "\n"), "\(name): \(run.errorText)")
                #expect(!FileSystem.exists(try cluster.replica(1).pidPath))
            }
        }
        print("cluster-layout.json start_up_configuration_errors: \(cases.count) cases")
        #expect(cases.count == 15)
    }
}
