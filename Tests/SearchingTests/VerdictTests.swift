import Foundation
import Searching
import TestSupport
import Testing

@Suite("verdicts of the search check")
struct VerdictTests {
    @Test("all public histories of etcd get the verdict that is known")
    func etcd() throws {
        let folder = Vectors.folder.appending(path: "public/etcd")
        let table = try String(contentsOf: folder.appending(path: "verdicts.tsv"), encoding: .utf8)
        var cases = 0
        for row in table.split(separator: "\n") where row.hasPrefix("etcd_") {
            let fields = row.split(separator: "\t")
            cases += 1
            let bytes = try Array(Data(contentsOf: folder.appending(path: String(fields[0]))))
            #expect(HistoryFormat.detect(bytes) == .etcdLog)
            let history = try HistoryFormat.read(bytes, kind: .compareAndSetRegister)
            let verdict = try SearchCheck.check(history, kind: .compareAndSetRegister).verdict
            switch verdict {
            case .linearizable: #expect(fields[2] == "linearizable", "\(fields[0])")
            case .notLinearizable: #expect(fields[2] == "NOT linearizable", "\(fields[0])")
            case .unknown: Issue.record("\(fields[0]) is undecided")
            }
        }
        print("public etcd histories: \(cases) cases")
        #expect(cases == 51)
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let kind: ModelKind
        let lines: [String]
        let expected: String
        var testDescription: String { name }
    }

    static let cases = [
        Case(
            name: "a read that goes back", kind: .register,
            lines: [
                "0 invoke write 1", "0 ok write 1", "0 invoke write 2", "0 ok write 2",
                "1 invoke read", "1 ok read 1",
            ], expected: "line 5"),
        Case(
            name: "a read beside a write may see either", kind: .register,
            lines: [
                "0 invoke write 1", "1 invoke read", "1 ok read nil", "2 invoke read",
                "2 ok read 1", "0 ok write 1",
            ], expected: "linearizable"),
        Case(
            name: "once seen, a write is there for everybody", kind: .register,
            lines: [
                "0 invoke write 1", "2 invoke read", "2 ok read 1", "1 invoke read",
                "1 ok read nil", "0 ok write 1",
            ], expected: "line 4"),
        Case(
            name: "a write of unknown outcome may take effect late", kind: .register,
            lines: [
                "0 invoke write 1", "0 info write 1", "1 invoke read", "1 ok read nil",
                "1 invoke read", "1 ok read 1",
            ], expected: "linearizable"),
        Case(
            name: "and only once", kind: .register,
            lines: [
                "0 invoke write 1", "0 info write 1", "1 invoke write 2", "1 ok write 2",
                "1 invoke read", "1 ok read 1", "1 invoke write 2", "1 ok write 2",
                "1 invoke read", "1 ok read 1",
            ], expected: "line 9"),
        Case(
            name: "what failed did not happen", kind: .register,
            lines: [
                "0 invoke write 1", "0 fail write 1", "1 invoke read", "1 ok read 1",
            ], expected: "line 3"),
        Case(
            name: "a swap needs its value", kind: .compareAndSetRegister,
            lines: [
                "0 invoke write 1", "0 ok write 1", "1 invoke cas [2 3]", "1 ok cas [2 3]",
            ], expected: "line 3"),
        Case(
            name: "keys do not see each other", kind: .keyValue,
            lines: [
                "0 invoke put [x 1]", "0 ok put [x 1]", "1 invoke get [y nil]",
                "1 ok get [y nil]", "1 invoke delete [x nil]", "1 ok delete [x nil]",
                "1 invoke get [x nil]", "1 ok get [x nil]",
            ], expected: "linearizable"),
        Case(
            name: "the earliest violation of all keys is named", kind: .keyValue,
            lines: [
                "0 invoke get [x nil]", "1 invoke get [y nil]", "1 ok get [y 7]", "0 ok get [x 7]",
            ], expected: "line 2"),
        Case(
            name: "a lock has one holder", kind: .mutex,
            lines: [
                "0 invoke acquire", "0 ok acquire", "1 invoke acquire", "1 ok acquire",
            ], expected: "line 3"),
        Case(
            name: "tokens of a lease never return", kind: .lease,
            lines: [
                "0 invoke acquire [a nil]", "0 ok acquire [a 1]", "0 invoke release [a 1]",
                "0 ok release [a 1]", "1 invoke acquire [a nil]", "1 ok acquire [a 1]",
            ], expected: "line 5"),
        Case(
            name: "a held lease is refused", kind: .lease,
            lines: [
                "0 invoke acquire [a nil]", "0 ok acquire [a 1]", "1 invoke acquire [a nil]",
                "1 ok acquire [a nil]", "1 invoke release [a 1]", "1 ok release [a false]",
            ], expected: "line 5"),
        Case(
            name: "a queue keeps its order", kind: .queue,
            lines: [
                "0 invoke enqueue 1", "0 ok enqueue 1", "0 invoke enqueue 2", "0 ok enqueue 2",
                "1 invoke dequeue", "1 ok dequeue 2",
            ], expected: "line 5"),
        Case(
            name: "a set loses nothing", kind: .set,
            lines: [
                "0 invoke add 1", "0 ok add 1", "0 invoke add 2", "0 info add 2", "1 invoke read",
                "1 ok read #{2 1}", "1 invoke read", "1 ok read [2]",
            ], expected: "line 7"),
    ]

    @Test("small histories", arguments: cases)
    func small(_ item: Case) throws {
        #expect(try Histories.outcome(Histories.edn(item.lines), item.kind) == item.expected)
    }

    @Test("samples are those of the script, byte for byte")
    func samples() {
        var register = SampleHistory(.register, 20, clients: 4, seed: 7)
        register.keys = 2
        register.unanswered = 0.2
        register.isBad = true
        var lease = SampleHistory(.lease, 20, clients: 3, seed: 5)
        lease.keys = 2
        lease.isBad = true
        for (sample, name) in [(register, "register"), (lease, "lease")] {
            let expected = try? String(
                decoding: Vectors.bytes("search-samples/\(name).tsv"), as: UTF8.self)
            #expect(Histories.text(sample) == expected, "\(name)")
        }
    }

    @Test("correct samples pass, and the planted answer is named")
    func planted() throws {
        for seed in 1...6 as ClosedRange<UInt32> {
            for kind in [ModelKind.register, .lease] {
                var sample = SampleHistory(
                    kind == .lease ? .lease : .register, 400, clients: 6, seed: seed)
                sample.keys = kind == .lease ? 3 : 1
                #expect(try Histories.outcome(Histories.text(sample), kind) == "linearizable")
                sample.isBad = true
                let text = Histories.text(sample)
                let impossible = text.split(separator: "\n").firstIndex {
                    $0.hasSuffix("\t1000000000") || $0.hasSuffix("\t1000000")
                }
                let line = try #require(impossible) + 1
                #expect(try Histories.outcome(text, kind) == "line \(line)", "\(kind) \(seed)")
            }
        }
    }

    @Test("answers that never came decide nothing wrongly")
    func unanswered() throws {
        for seed in 1...6 as ClosedRange<UInt32> {
            for sampleKind in [SampleHistory.Kind.register, .lease] {
                var sample = SampleHistory(sampleKind, 300, clients: 5, seed: seed)
                sample.unanswered = 0.05
                let kind = sampleKind == .lease ? ModelKind.lease : .register
                #expect(
                    try Histories.outcome(Histories.text(sample), kind) == "linearizable",
                    "\(sampleKind) \(seed)")
            }
        }
    }
}
