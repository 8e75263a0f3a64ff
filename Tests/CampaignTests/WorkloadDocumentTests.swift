import Campaign
import Checking
import Foundation
import Matrix
import TestSupport
import Testing
import Workload

@Suite struct WorkloadDocumentTests {
    @Test("docs/reference/workloads.md is what the descriptions say")
    func document() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        try Snapshot.expect(
            WorkloadDescription.document,
            matches: root.appending(path: "docs/reference/workloads.md"))
    }

    @Test("the judge demands something of every workload")
    func demands() {
        for workload in WorkloadDescription.all {
            #expect(CoverageDemands.of(workload: workload.family.rawValue) != nil)
        }
    }
}
