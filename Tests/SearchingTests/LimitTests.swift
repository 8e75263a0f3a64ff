import Foundation
import Searching
import TestSupport
import Testing

@Suite("limits of the search check")
struct LimitTests {
    /// Many writers of different values and nobody who reads: all orders are possible until the
    /// last answer, which no order explains.
    static func hard(writers: Int) -> [TimedCall<RegisterModel.Call>] {
        let writes = (0..<writers).map { number in
            TimedCall(
                RegisterModel.Call.write(Value(Int64(number)) ?? .none), from: Int64(number),
                to: Int64(1_000_000 - number))
        }
        return writes + [
            TimedCall(.read(Value(-1) ?? .none), from: 1000, to: 1001)
        ]
    }

    @Test("a time limit is kept within a second, and says how far the search came")
    func time() {
        let limit = Duration.milliseconds(700)
        let clock = ContinuousClock()
        var verdict = SearchVerdict.linearizable
        let taken = clock.measure {
            verdict = LinearizabilitySearch.check(
                Self.hard(writers: 40), against: RegisterModel(), limits: SearchLimits(time: limit))
        }
        guard case .unknown(let exhaustion) = verdict else {
            Issue.record("decided: \(verdict)")
            return
        }
        #expect(exhaustion.budget == .time)
        #expect(exhaustion.total == 41 && exhaustion.reached == 41 && exhaustion.frontier > 100)
        #expect(taken >= limit && taken < limit + .seconds(1), "\(taken)")
    }

    @Test("many operations open at once are searched", arguments: [63, 64, 65, 128, 129, 200])
    func deep(_ writers: Int) {
        var calls = (0..<writers).map { number in
            TimedCall(
                RegisterModel.Call.write(Value(1) ?? .none), from: Int64(number),
                to: Int64(1_000_000 + number))
        }
        let last = Int64(2_000_000)
        calls.append(TimedCall(.read(Value(1) ?? .none), from: last, to: last + 1))
        #expect(LinearizabilitySearch.check(calls, against: RegisterModel()) == .linearizable)
        calls.append(TimedCall(.read(Value(2) ?? .none), from: last + 2, to: last + 3))
        guard
            case .notLinearizable(let violation) = LinearizabilitySearch.check(
                calls, against: RegisterModel())
        else {
            Issue.record("passed with \(writers)")
            return
        }
        #expect(violation.operation == writers + 1)
    }

    @Test("more open at once than can be kept is unknown, never a guess")
    func tooDeep() {
        let calls = (0...LinearizabilitySearch.openLimit).map { number in
            TimedCall(RegisterModel.Call.read(.none), from: Int64(number), to: 1_000_000)
        }
        let verdict = LinearizabilitySearch.check(calls, against: RegisterModel())
        guard case .unknown(let exhaustion) = verdict else {
            Issue.record("decided: \(verdict)")
            return
        }
        #expect(exhaustion.budget == .concurrency)
        let allowed = Array(calls.dropLast())
        #expect(LinearizabilitySearch.check(allowed, against: RegisterModel()) == .linearizable)
    }

    @Test(
        "registers with different keys do not see each other",
        arguments: [ModelKind.register, .keyValue])
    func keys(_ kind: ModelKind) throws {
        var sample = SampleHistory(.register, 300, clients: 5, seed: 4)
        sample.keys = 3
        let (_, report) = try Histories.report(Histories.text(sample), kind)
        #expect(report.verdict == .linearizable && report.partitions == 3)
    }

    @Test("a violation stays one when the budget ends at another key")
    func violationBeforeBudget() throws {
        var lines = "0\t1\t2\t0\tr\t0\t0\t9\n"
        for number in 0..<40 {
            lines +=
                "\(number + 1)\t\(number + 3)\t\(1_000_000 - number)\t1\tw\t\(number + 1)\t0\t0\n"
        }
        lines += "50\t100\t101\t1\tr\t0\t0\t99\n"
        let (_, report) = try Histories.report(
            lines, .keyValue, limits: SearchLimits(time: .milliseconds(300)))
        guard case .notLinearizable(let violation) = report.verdict else {
            Issue.record("\(report.verdict)")
            return
        }
        #expect(violation.operation == 0 && report.partitionsDone == 1 && report.partitions == 2)
    }
}
