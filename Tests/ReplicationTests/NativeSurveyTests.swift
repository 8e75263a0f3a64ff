import ClusterProtocol
import LeaseKernel
import Replication
import Testing

@Suite("A stopped replica that was catching up can be judged")
struct NativeSurveyTests {
    /// Views of consecutive prepared entries of a replica whose last normal view is 3.
    @Test(
        "entries of earlier views, and of views a log does not name, count in the native format",
        arguments: [
            ([0, 0, 3], WorkspaceContents.Format.native, true), ([2, 0, 3], .native, true),
            ([3, 2], .native, false), ([4], .native, false),
            ([2, 3], .reference, false), ([3, 3], .reference, true),
        ])
    func views(views: [UInt64], format: WorkspaceContents.Format, isAccepted: Bool) throws {
        var prepared = PreparedEntries()
        for (index, view) in views.enumerated() {
            let number = UInt64(index + 1)
            prepared.insert(
                PreparedEntry(
                    kind: .client, view: View(view), lsn: LSN(number), requestSlot: Slot(1),
                    payload: CommandCodec.encode(
                        ClientCommand(
                            operationID: OperationID(UInt128(number)), clientID: ClientID(1),
                            command: .createResource(ResourceID(UInt128(number)))))))
        }
        let contents = WorkspaceContents(
            format: format,
            metadata: ReplicaMetadata(
                replicaID: ReplicaID(2), shardID: ShardID(0), currentView: View(3), role: .backup,
                lastNormalView: View(3)),
            snapshot: nil, frames: [], prepared: prepared)
        let survey = try? ReplicaSurvey(contents, configuration: .clusterDefault)
        #expect((survey != nil) == isAccepted)
        if isAccepted { #expect(survey?.highest == LSN(UInt64(views.count))) }
    }
}
