import Foundation
import LeaseEngine
import LeaseKernel
import Replication
import TestSupport
import Testing

@Suite("Folders left by real processes")
struct RecordedWorkspaceTests {
    let manifest: JSONValue

    init() throws {
        manifest = try Vectors.json("workspaces/manifest.json")
    }

    @Test("every folder starts as it did in the reference, with the same state")
    func recovery() throws {
        let cases = manifest["workspaces"].array
        for workspace in cases {
            let name = workspace["name"].string ?? ""
            let home = try NodeHome(.folder)
            defer { home.remove() }
            try copy(workspace, to: home)
            let expected = workspace["expected"]["recovered"]
            let node = try ReplicaNode.recover(configuration(workspace), from: home.storage)
            switch node.status {
            case .faulted(let reason):
                #expect(expected["status"].string == "faulted", "\(name)")
                #expect(reason.debugText == expected["reason"]["text"].string, "\(name)")
            case .active:
                #expect(expected["status"].string == "active", "\(name)")
                #expect(node.metadata == (try workspace["expected"]["metadata"].metadata()))
                let engine = try #require(node.engine)
                #expect(engine.startup.kind.goldenName == expected["startup_kind"].string)
                #expect(engine.startup.loadedSnapshotLSN == expected["loaded_snapshot_lsn"].lsn)
                #expect(
                    engine.startup.replayedFrameCount
                        == (try expected["replayed_wal_frame_count"].required()))
                #expect(engine.kernel.lastAppliedLSN == expected["last_applied_lsn"].lsn)
                #expect(node.prepared == (try expected["prepared"].entries()), "\(name)")
                #expect(
                    try SnapshotCodec.encode(engine.kernel.snapshot())
                        == expected["snapshot_bytes_of_recovered_state_hex"].hex, "\(name)")
            }
        }
        print("workspaces: \(cases.count) cases")
        #expect(cases.count == 8)
    }

    @Test("a survey of every folder finds what can be vouched for, also where a start faults")
    func surveys() throws {
        for workspace in manifest["workspaces"].array {
            let name = workspace["name"].string ?? ""
            let home = try NodeHome(.folder)
            defer { home.remove() }
            try copy(workspace, to: home)
            guard case .folder(let folder) = home else { continue }
            let survey = try Surgery.survey(
                WorkspaceFolder(folder.path), configuration: configuration(workspace).kernel)
            let expected = workspace["expected"]
            let frames = expected["wal_frames"].array.map {
                ($0["lsn"].lsn, $0["payload_hex"].hex)
            }
            #expect(survey.contents.frames.map(\.lsn) == frames.map(\.0), "\(name)")
            #expect(survey.contents.frames.map(\.payload) == frames.map(\.1), "\(name)")
            if expected["recovered"]["status"].string == "faulted" {
                // Killed between log and metadata: the frame in the log was committed.
                #expect(name == "primary-killed-inside-commit")
                #expect(survey.committed == LSN(3))
            } else {
                #expect(survey.committed == expected["metadata"]["commit_lsn"].lsn, "\(name)")
                #expect(
                    survey.contents.prepared == (try expected["recovered"]["prepared"].entries()))
                #expect(
                    try SnapshotCodec.encode(survey.kernel.snapshot())
                        == expected["recovered"]["snapshot_bytes_of_recovered_state_hex"].hex)
            }
        }
    }

    private func configuration(_ workspace: JSONValue) throws -> NodeConfiguration {
        NodeConfiguration(
            identity: try workspace["identity"].identity(),
            kernel: try manifest["configuration"]["core"].kernelConfiguration(),
            engine: try manifest["configuration"]["engine"].engineConfiguration())
    }

    private func copy(_ workspace: JSONValue, to home: NodeHome) throws {
        let folder = try #require(workspace["folder"].string)
        for file in NodeFiles.allCases {
            let source = Vectors.folder.appending(path: "\(folder)/\(file.rawValue)")
            guard FileManager.default.fileExists(atPath: source.path) else { continue }
            try home.write(file, Array(Data(contentsOf: source)))
        }
    }
}
