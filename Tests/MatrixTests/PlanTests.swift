import Foundation
import Matrix
import TestSupport
import Testing

@Suite("The plan is the matrix, in order")
struct PlanTests {
    @Test("plan prints the reference's seventeen lines")
    func text() throws {
        let expected = String(decoding: try Vectors.bytes("jepsen-plan.txt"), as: UTF8.self)
        #expect(Plan().rendered(as: .text) == expected)
        print("jepsen-plan.txt: \(RunMatrix.all.count) cases")
        #expect(RunMatrix.all.count == 17)
        #expect(RunMatrix.releaseGate.count == 15)
        #expect(RunMatrix.all.filter(\.isReleaseBlocking) == RunMatrix.releaseGate)
    }

    @Test("ids are unique, and find their run")
    func identifiers() {
        #expect(Set(RunMatrix.all.map(\.id)).count == 17)
        for run in RunMatrix.all { #expect(RunMatrix.run(id: run.id) == run) }
        #expect(RunMatrix.run(id: "reservation_contention") == nil)
    }

    @Test("the families have as many runs as the specification says")
    func families() {
        func count(_ runs: [RunDescriptor], _ family: NemesisFamily) -> Int {
            runs.filter { $0.nemesis == family }.count
        }
        #expect(NemesisFamily.allCases.map { count(RunMatrix.releaseGate, $0) } == [4, 4, 4, 3])
        #expect(NemesisFamily.allCases.map { count(RunMatrix.supplementary, $0) } == [1, 1, 0, 0])
    }

    @Test("lanes follow the seventeen lines without changing them")
    func textWithLanes() {
        let plain = Plan().rendered(as: .text)
        let text = Plan(laneCount: 2).rendered(as: .text)
        #expect(text.hasPrefix(plain))
        let added = text.dropFirst(plain.count).split(separator: "\n")
        #expect(added.count == 18)
        let first =
            "lane=1 wave=1 run_id=reservation_contention-control starts_at_secs=0 ends_at_secs=40"
        #expect(added.first.map(String.init) == first)
        #expect(added.last == "lanes=2 waves=9 expected_wall_secs=11100")
    }

    @Test("JSON parses, with sorted keys", arguments: [nil, 1, 3])
    func json(_ laneCount: Int?) throws {
        let text = Plan(laneCount: laneCount).rendered(as: .json)
        let object = try JSONSerialization.jsonObject(with: Data(text.utf8))
        let plan = try #require(object as? [String: Any])
        let runs = try #require(plan["runs"] as? [[String: Any]])
        #expect(runs.map { $0["run_id"] as? String } == RunMatrix.all.map(\.id))
        #expect(runs.filter { $0["minimum_fault_window_secs"] is NSNull }.count == 5)
        #expect(runs.filter { $0["release_blocking"] as? Bool == true }.count == 15)
        let assignments = plan["assignments"] as? [[String: Any]]
        #expect(assignments?.count == laneCount.map { _ in 17 })
        let sorted = try JSONSerialization.data(withJSONObject: object, options: [.sortedKeys])
        #expect(text.filter { !$0.isWhitespace } == String(decoding: sorted, as: UTF8.self))
    }

    @Test("the table and the Markdown hold every run once, in order", arguments: [nil, 2])
    func tables(_ laneCount: Int?) {
        for format in [PlanFormat.table, .markdown] {
            let lines = Plan(laneCount: laneCount).rendered(as: format).split(separator: "\n")
            let ids = lines.compactMap { line in
                line.split { $0 == " " || $0 == "|" }.first.map(String.init)
            }
            #expect(ids.filter { RunMatrix.run(id: $0) != nil } == RunMatrix.all.map(\.id))
            #expect(lines.allSatisfy { $0.last != " " })
        }
    }
}

@Suite("Lanes")
struct LanePlanTests {
    @Test("no lane does two things at once, and control runs come first", arguments: 1...20)
    func noOverlap(_ laneCount: Int) {
        let plan = LanePlan(runs: RunMatrix.all, laneCount: laneCount)
        #expect(plan.assignments.map(\.run) == RunMatrix.all)
        #expect(plan.assignments.allSatisfy { (1...laneCount).contains($0.lane) })
        for lane in 1...laneCount {
            let mine = plan.assignments.filter { $0.lane == lane }.sorted { $0.start < $1.start }
            for (earlier, later) in zip(mine, mine.dropFirst()) {
                #expect(earlier.end <= later.start)
                #expect(earlier.wave < later.wave)
            }
        }
        let lastControl = plan.assignments.filter(\.run.isControl).map(\.end).max() ?? .zero
        for assignment in plan.assignments where !assignment.run.isControl {
            #expect(assignment.start >= lastControl)
        }
    }

    @Test("one lane takes the sum, and enough lanes the longest of each part")
    func durations() {
        let one = LanePlan(runs: RunMatrix.all, laneCount: 1)
        #expect(one.expectedDuration == .seconds(5 * 40 + 12 * 1830))
        #expect(one.waveCount == 17)
        let many = LanePlan(runs: RunMatrix.all, laneCount: 17)
        #expect(many.expectedDuration == .seconds(40 + 1830))
        #expect(many.waveCount == 2)
        let short = LanePlan(
            runs: RunMatrix.all, laneCount: 2, estimate: RunEstimate(faultWindow: .seconds(20)))
        #expect(short.expectedDuration == .seconds(9 * 50))
        #expect(LanePlan(runs: [], laneCount: 3).expectedDuration == .zero)
        #expect(LanePlan(runs: RunMatrix.all, laneCount: 0).laneCount == 1)
    }
}
