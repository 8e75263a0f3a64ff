import Foundation
import Searching
import TestSupport
import Testing

@Suite("readers of histories")
struct ReaderTests {
    static let edn = """
        ; a comment
        #jepsen.history.Op{:index 0, :type :invoke, :process 0, :f :write, :value 3, :time 17}
        {:type :info, :process :nemesis, :f :start, :value nil}
        {:type :ok :process 0 :f :write :value 3 #_ignored :error "a \\" quote"}
        {:type :invoke, :process 1, :f :cas, :value [3 -4]}
        {:type :ok, :process 1, :f :cas, :value [3 -4]}
        {:type :invoke, :process 1, :f :read, :value nil}
        {:type :ok, :process 1, :f :read, :value -4}

        """
    static let json = """
        {"type":"invoke","process":0,"f":"write","value":3,"time":1.5e3}
        {"type":"ok","process":0,"f":"write","value":3,"note":"caf\\u00e9 \\ud83d\\ude00"}
        {"type":"invoke","process":1,"f":"cas","value":[3,-4]}
        {"type":"ok","process":1,"f":"cas","value":[3,-4]}
        {"type":"invoke","process":1,"f":"read","value":null}
        {"type":"ok","process":1,"f":"read","value":-4}

        """
    static let etcd = """
        INFO  jepsen.util - 0\t:invoke\t:write\t3
        INFO  jepsen.util - 0\t:ok\t:write\t3
        INFO  jepsen.util - 1\t:invoke\t:cas\t[3 -4]
        INFO  jepsen.util - 1\t:ok\t:cas\t[3 -4]
        INFO  jepsen.util - 1\t:invoke\t:read\tnil
        INFO  jepsen.util - 1\t:ok\t:read\t-4

        """
    static let tabs = "0\t1\t2\t0\tw\t3\t0\t0\n1\t3\t4\t0\tc\t3\t-4\t1\n1\t5\t6\t0\tr\t0\t0\t-4\n"

    static let forms: [(HistoryFormat, String)] = [
        (.edn, edn), (.jsonLines, json), (.etcdLog, etcd), (.tabSeparated, tabs),
    ]

    static func words(_ history: OperationHistory) -> [String] {
        history.operations.indices.map { index in
            let text = history.describe(index).replacing(" key 0", with: "")
            return String(text.prefix { $0 != "(" })
        }
    }

    @Test("the same history reads the same in every form", arguments: forms)
    func same(_ form: HistoryFormat, _ text: String) throws {
        let bytes = Array(text.utf8)
        #expect(HistoryFormat.detect(bytes) == form)
        let history = try HistoryFormat.read(bytes, kind: .register)
        #expect(
            Self.words(history) == [
                "process 0: write 3 ok ", "process 1: cas 3 -> -4 ok ", "process 1: read = -4 ",
            ])
        #expect(try SearchCheck.check(history, kind: .register).verdict == .linearizable)
    }

    @Test("cut anywhere, damaged anywhere: an error with its place, or a history", arguments: forms)
    func damage(_ form: HistoryFormat, _ text: String) {
        let bytes = Array(text.utf8)
        var random = SmallRandom(state: 3)
        var counts = (read: 0, refused: 0)
        func feed(_ damaged: [UInt8]) {
            for kind in [ModelKind.register, .keyValue, .set] {
                do {
                    let history = try HistoryFormat.read(damaged, kind: kind)
                    _ = try SearchCheck.check(
                        history, kind: kind, limits: SearchLimits(time: .seconds(5)))
                    counts.read += 1
                } catch let error as HistoryReadError {
                    counts.refused += 1
                    #expect(error.line >= 1 && error.column >= 1)
                    #expect(error.description.hasSuffix("^"))
                } catch is SearchError {
                    counts.refused += 1
                } catch {
                    Issue.record("\(error)")
                }
            }
        }
        for length in bytes.indices { feed(Array(bytes[..<length])) }
        for _ in 0..<500 {
            var damaged = bytes
            for _ in 0...random.below(3) {
                damaged[random.below(bytes.count)] = UInt8(random.below(256))
            }
            feed(damaged)
        }
        print("\(form.rawValue), damaged: \(counts.read) read, \(counts.refused) refused")
        #expect(counts.read > 0 && counts.refused > 0)
    }

    static let mistakes: [(text: String, kind: ModelKind, place: String, words: String)] = [
        ("hello", .register, "line 1, column 1", "neither a Jepsen history"),
        (
            "{\"type\":\"invoke\",\"process\":0,\"f\":\"frob\"}\n", .register, "line 1, column 34",
            "`frob` is nothing that a register does; it does cas, read, write"
        ),
        ("{\"type\":\"invoke\" \"process\":0}\n", .register, "line 1, column 18", "a comma or }"),
        ("{:type :invoke", .register, "line 1, column 15", "in the middle of an entry"),
        (
            "{:type :ok :process 4 :f :read}", .register, "line 1, column 1",
            "process 4 has nothing open"
        ),
        (
            "{:type :invoke :process 4 :f :read}\n{:type :invoke :process 4 :f :read}", .register,
            "line 2, column 1", "still busy with its operation of line 1"
        ),
        (
            "{:type :invoke :process 4 :f :read}\n{:type :ok :process 4 :f :write}", .register,
            "line 2, column 1", "ends a write, but a read was invoked"
        ),
        (
            "{:type :invoke :process 4 :f :read :value 3}", .lease, "line 1, column 43",
            "a pair of a key and a value"
        ),
        ("0\t5\t4\t0\tr\t0\t0\t0\n", .register, "line 1, column 5", "returns before it is called"),
        ("0\t1\t2\t0\tacq\t0\t0\t0\n", .register, "line 1, column 9", "`acq` is nothing"),
        ("0\t1\t2\t0\tr\t0\t0\t12", .register, "line 1, column 17", "in the middle"),
        ("0\t1\t2\t0\tr\t0\t0\tx\n", .register, "line 1, column 15", "a number"),
        ("INFO  jepsen.util - 0 :ok\n", .register, "line 1, column 26", "middle of an entry"),
        (
            String(repeating: "[", count: 100), .register, "line 1, column 66",
            "nested deeper than 64"
        ),
    ]

    @Test("mistakes are named with their place", arguments: mistakes.indices)
    func mistake(_ index: Int) {
        let (text, kind, place, words) = Self.mistakes[index]
        let error = #expect(throws: HistoryReadError.self) {
            try HistoryFormat.read(Array(text.utf8), kind: kind)
        }
        let description = error?.description ?? ""
        #expect(description.contains(place) && description.contains(words), "\(description)")
    }

    @Test("the error shows the line and points")
    func caret() {
        let text = "0\t1\t2\t0\tr\t0\t0\t0\n0 1\n"
        let error = #expect(throws: HistoryReadError.self) {
            try HistoryFormat.read(Array(text.utf8), kind: .register)
        }
        #expect(error?.description == "line 2, column 2: expected a tab\n  0 1\n   ^")
    }
}
