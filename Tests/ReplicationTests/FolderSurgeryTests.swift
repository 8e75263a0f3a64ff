import ClusterProtocol
import DurableFiles
import Foundation
import LeaseEngine
import LeaseKernel
import SystemCalls
import Testing

@testable import Replication

@Suite("Surgery on folders")
struct FolderSurgeryTests {
    @Test(
        "a takeover rewrites both survivors, and the daemon of their format starts from them",
        arguments: [WorkspaceContents.Format.reference, .native])
    func takeover(_ format: WorkspaceContents.Format) throws {
        let workspace = try DiskWorkspace(format)
        defer { workspace.remove() }
        let before = try workspace.folder(2).read()
        let plan = try Surgery.takeOver(
            [workspace.folder(2), workspace.folder(3)], primary: ReplicaID(3),
            configuration: .scenarios)
        #expect(plan.target == LSN(3))
        #expect(plan.recommitted.map(\.lsn) == [LSN(2), LSN(3)])
        try workspace.expectStarted(2, role: .backup, view: View(2), committed: LSN(3))
        try workspace.expectStarted(3, role: .primary, view: View(2), committed: LSN(3))
        // What was there is kept beside it, as it was but for the vote.
        var kept = try workspace.folder(2).previous.read()
        #expect(kept.metadata.durableVote == DurableVote(view: View(2), votedFor: ReplicaID(3)))
        #expect(kept.metadata.role == .viewUncertain)
        kept.metadata = before.metadata
        #expect(kept == before)
        #expect(!FileSystem.exists(workspace.folder(2).next.path))
        // Done again, nothing is lost and nothing is in the way.
        let again = try Surgery.takeOver(
            [workspace.folder(2), workspace.folder(3)], configuration: .scenarios)
        #expect(again.target == LSN(3) && again.newView == View(3))
    }

    @Test(
        "a takeover stopped after any step can be done again, with the same or another majority",
        arguments: [WorkspaceContents.Format.reference, .native])
    func interruption(_ format: WorkspaceContents.Format) throws {
        var steps = 0
        for members in [[2, 3], [1, 2], [1, 3], [1, 2, 3]] as [[UInt64]] {
            var stop = 0
            while true {
                let workspace = try DiskWorkspace(format)
                defer { workspace.remove() }
                let isComplete = try workspace.takeOver([2, 3], stoppingAfter: stop)
                // What a crash in the middle of writing leaves.
                try FileSystem.createFolders(workspace.folder(2).next.path)
                try FileSystem.write([1, 2, 3], to: workspace.folder(2).next.path + "/state.wal")
                let plan = try Surgery.takeOver(
                    members.map(workspace.folder), configuration: .scenarios)
                // Two entries are only prepared, and only on replicas 1 and 3 was one of them
                // acknowledged; every majority holds it.
                #expect(plan.target.map { $0 >= LSN(2) } == true, "\(members) after \(stop)")
                for id in members {
                    try workspace.expectStarted(
                        id, role: ReplicaID(id) == plan.primary ? .primary : .backup,
                        view: plan.newView, committed: plan.target)
                }
                steps += 1
                stop += 1
                if isComplete { break }
            }
        }
        print("interrupted takeovers on disk (\(format)): \(steps)")
        #expect(steps > 40)
    }

    @Test("a folder whose daemon runs is left alone")
    func lock() throws {
        let workspace = try DiskWorkspace(.native)
        defer { workspace.remove() }
        let folder = workspace.folder(3)
        let held = try LockFile(acquiring: folder.lockPath)
        defer { held.release() }
        let before = try folder.read()
        #expect(throws: SurgeryError.self) {
            try Surgery.takeOver([workspace.folder(2), folder], configuration: .scenarios)
        }
        #expect(try folder.read() == before)
    }

    @Test(
        "a lagging replica rejoins by suffix, and by snapshot below the primary's log",
        arguments: [WorkspaceContents.Format.reference, .native])
    func rejoin(_ format: WorkspaceContents.Format) throws {
        let workspace = try DiskWorkspace(format)
        defer { workspace.remove() }
        try Surgery.takeOver(
            [workspace.folder(2), workspace.folder(3)], primary: ReplicaID(2),
            configuration: .scenarios)
        let bySuffix = try Surgery.rejoin(
            workspace.folder(1), from: workspace.folder(2), configuration: .scenarios)
        #expect(bySuffix.method == .suffixOnly)
        try workspace.expectStarted(1, role: .backup, view: View(2), committed: LSN(3))

        // The primary loses its first frames to two checkpoints.
        var primary = try workspace.folder(2).read()
        let survey = try Surgery.survey(workspace.folder(2), configuration: .scenarios)
        primary.snapshot = try SnapshotCodec.encode(survey.kernel.snapshot())
        primary.metadata.activeSnapshotLSN = LSN(3)
        primary.frames = [
            WALFrame(
                lsn: LSN(3), requestSlot: Slot(1), recordType: .snapshotMarker, payload: [])
        ]
        try workspace.folder(2).write(primary.files)
        var lagging = try workspace.folder(1).read()
        lagging.frames.removeLast(2)
        lagging.metadata.commitLSN = LSN(1)
        lagging.highestTerm = .unknown
        try workspace.folder(1).write(lagging.files)
        let bySnapshot = try Surgery.rejoin(
            workspace.folder(1), from: workspace.folder(2), configuration: .scenarios)
        #expect(bySnapshot.method == .snapshotTransfer)
        try workspace.expectStarted(1, role: .backup, view: View(2), committed: LSN(3))

        // And a replica whose folder is gone gets everything.
        try FileSystem.removeTree(workspace.folder(1).path)
        try Surgery.replace(
            workspace.folder(1),
            identity: ReplicaIdentity(replicaID: ReplicaID(1), shardID: ShardID(0)),
            format: format, from: workspace.folder(2), configuration: .scenarios)
        try workspace.expectStarted(1, role: .backup, view: View(2), committed: LSN(3))
    }

    @Test("a content that does not read back as planned is never switched in")
    func verification() throws {
        let workspace = try DiskWorkspace(.reference)
        defer { workspace.remove() }
        let before = try workspace.folder(2).read()
        var wrong = before
        wrong.frames.append(
            WALFrame(lsn: LSN(9), requestSlot: Slot(1), recordType: .clientCommand, payload: []))
        #expect(throws: SurgeryError.self) {
            try StagedWorkspace(wrong, for: workspace.folder(2), configuration: .scenarios)
        }
        #expect(try workspace.folder(2).read() == before)
    }
}

/// Three replica folders on disk: position 1 committed everywhere; position 2 prepared by all
/// and committed by the primary alone, who answered it; position 3 prepared by 1 and 3 only.
private struct DiskWorkspace {
    let root: String
    let format: WorkspaceContents.Format

    init(_ format: WorkspaceContents.Format) throws {
        self.format = format
        root =
            FileManager.default.temporaryDirectory
            .appending(path: "surgery-\(UUID().uuidString)").path
        var cluster = try MemoryCluster()
        try cluster.write(.createResource(ResourceID(1)), at: 1)
        let answered = try cluster.prepareEverywhere(.createResource(ResourceID(2)), at: 1)
        _ = try cluster.prepare(.createResource(ResourceID(3)), at: 1, on: [1, 3])
        _ = try cluster.commit(answered, on: 1)
        for id in 1...3 as ClosedRange<UInt64> {
            var contents = try cluster.survey(id).contents
            contents.format = format
            try FileSystem.createFolders(folder(id).path)
            try folder(id).write(contents.files)
        }
    }

    func folder(_ id: UInt64) -> WorkspaceFolder { WorkspaceFolder("\(root)/replica-\(id)/") }

    func remove() { try? FileSystem.removeTree(root) }

    /// Carries out the takeover up to a number of steps; true when that was all of it.
    func takeOver(_ members: [UInt64], stoppingAfter limit: Int) throws -> Bool {
        let surveys = try members.map {
            try Surgery.survey(folder($0), configuration: .scenarios)
        }
        let plan = try TakeoverPlan(surveys, clusterSize: 3)
        var done = 0
        func stop() -> Bool {
            done += 1
            return done > limit
        }
        for stage in plan.stages {
            var staged: [StagedWorkspace] = []
            for replica in plan.order {
                if stop() { return false }
                let folder = folder(replica.rawValue)
                if let contents = plan.contents(for: replica, after: stage) {
                    staged.append(
                        try StagedWorkspace(contents, for: folder, configuration: .scenarios))
                } else if let vote = plan.vote(of: replica) {
                    try folder.replaceMetadata(vote, format)
                }
            }
            for workspace in staged {
                if stop() { return false }
                try workspace.switchOver()
            }
        }
        return true
    }

    /// Starts the replica the way the daemon of this format does.
    func expectStarted(
        _ id: UInt64, role: ReplicaRole, view: View, committed: LSN?,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let identity = ReplicaIdentity(replicaID: ReplicaID(id), shardID: ShardID(0))
        let paths = ReplicaPaths(folder: folder(id).path)
        let metadata: ReplicaMetadata
        switch format {
        case .reference:
            let node = try ReplicaNode.recover(
                NodeConfiguration(identity: identity, kernel: .scenarios, engine: .scenarios),
                from: FileNodeStorage(paths))
            #expect(node.status == .active, sourceLocation: sourceLocation)
            #expect(node.lastAppliedLSN == committed, sourceLocation: sourceLocation)
            metadata = node.metadata
        case .native:
            var storage = ReplicaFolder(paths)
            let start = try LiveRecovery(
                settings: LiveSettings(
                    identity: identity, peers: [], kernel: .scenarios, engine: .scenarios,
                    layoutRole: .backup, layoutView: View(1))
            ).run(on: &storage)
            #expect(start.applier?.kernel.lastAppliedLSN == committed)
            #expect(start.prepared.isEmpty, sourceLocation: sourceLocation)
            metadata = start.metadata
        }
        #expect(metadata.role == role, sourceLocation: sourceLocation)
        #expect(metadata.currentView == view, sourceLocation: sourceLocation)
        #expect(metadata.lastNormalView == view, sourceLocation: sourceLocation)
        #expect(metadata.commitLSN == committed, sourceLocation: sourceLocation)
    }
}
