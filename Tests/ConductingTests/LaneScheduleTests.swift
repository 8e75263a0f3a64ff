import Conducting
import Randomness
import Testing

@Suite("which run goes to which lane")
struct LaneScheduleTests {
    static func requests(_ ids: [String]) -> [RunRequest] {
        ids.enumerated().map { index, id in
            RunRequest(
                number: index + 1, runID: id, testbed: "local", rate: 1, concurrency: 1,
                seed: UInt64(index))
        }
    }

    static let mixed = requests([
        "reservation_contention-control", "reservation_contention-crash-restart",
        "lease_safety-control", "lease_safety-crash-restart",
    ])

    @Test("control runs go first, and faults wait for the last of them")
    func smokePass() {
        var schedule = LaneSchedule(Self.mixed)
        #expect(schedule.laneIsFree() == .begin(0))
        #expect(schedule.laneIsFree() == .begin(2))
        #expect(schedule.laneIsFree() == .wait)
        schedule.ended(2, isGood: true)
        #expect(schedule.laneIsFree() == .wait)
        schedule.ended(0, isGood: false)
        #expect(schedule.laneIsFree() == .begin(1))
        #expect(schedule.laneIsFree() == .begin(3))
        #expect(schedule.laneIsFree() == .leave)
    }

    @Test("what has ended in an earlier attempt is not begun again")
    func resumed() {
        var schedule = LaneSchedule(Self.mixed, finished: [0, 1, 2])
        #expect(schedule.laneIsFree() == .begin(3))
        #expect(schedule.laneIsFree() == .leave)
    }

    @Test("one bad run stops the others only when asked to")
    func failFast() {
        for failFast in [false, true] {
            var schedule = LaneSchedule(Self.mixed, failFast: failFast)
            #expect(schedule.laneIsFree() == .begin(0))
            schedule.ended(0, isGood: false)
            #expect(schedule.laneIsFree() == (failFast ? .leave : .begin(2)))
        }
        var stopped = LaneSchedule(Self.mixed)
        stopped.stop()
        #expect(stopped.laneIsFree() == .leave)
    }

    @Test("a run with faults of its own is no control run, whatever its id")
    func faultsOfItsOwn() {
        var request = Self.mixed[0]
        #expect(request.isControl)
        request.faults = ["pause"]
        #expect(!request.isControl)
    }

    @Test("whatever ends when: every run once, never more than the lanes carry, controls first")
    func random() {
        for seed in UInt64(1)...200 {
            var random = SeededRandom(seed: seed)
            let ids = Self.mixed.map(\.runID)
            let requests = Self.requests(
                (0..<random.index(below: 12) + 1).map { _ in ids[random.index(below: 4)] })
            let lanes = random.index(below: 4) + 1
            var schedule = LaneSchedule(requests)
            var running: [Int] = []
            var begun: [Int] = []
            while true {
                while running.count < lanes {
                    guard case .begin(let index) = schedule.laneIsFree() else { break }
                    running.append(index)
                    begun.append(index)
                }
                guard !running.isEmpty else { break }
                let ended = running.remove(at: random.index(below: running.count))
                schedule.ended(ended, isGood: random.chance(0.5))
            }
            #expect(begun.sorted() == Array(requests.indices), "seed \(seed)")
            let firstFault = begun.firstIndex { !requests[$0].isControl } ?? begun.count
            #expect(begun[firstFault...].allSatisfy { !requests[$0].isControl }, "seed \(seed)")
        }
    }
}
