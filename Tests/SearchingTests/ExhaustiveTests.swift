import Foundation
import Searching
import Testing

@Suite("the search agrees with trying every order on every small history")
struct ExhaustiveTests {
    /// `ALLOCDB_SEARCH_LONGEST` operations at most; 7 takes an optimised build and patience.
    static let longest =
        ProcessInfo.processInfo.environment["ALLOCDB_SEARCH_LONGEST"].flatMap { Int($0) } ?? 4

    static func value(_ number: Int64) -> Value { Value(number) ?? .none }

    static let register = Alphabet(
        model: RegisterModel(),
        answered: [.read(.none), .read(value(1)), .write(value(1)), .write(value(2))],
        unanswered: [.write(value(1))])
    static let mutex = Alphabet(
        model: MutexModel(),
        answered: [
            .acquire(succeeded: true), .release(succeeded: true), .acquire(succeeded: false),
        ],
        unanswered: [.acquire(succeeded: nil), .release(succeeded: nil)])
    static let lease = Alphabet(
        model: LeaseModel(),
        answered: [
            .acquire(token: 1), .acquire(token: 2), .acquire(token: 0),
            .release(token: 1, succeeded: true), .read(1),
        ],
        unanswered: [.acquire(token: nil)])

    @Test("on registers") func registers() { Self.compare(Self.register, "register") }
    @Test("on mutexes") func mutexes() { Self.compare(Self.mutex, "mutex") }
    @Test("on leases") func leases() { Self.compare(Self.lease, "lease") }

    /// Interval orders of 1 to 7 things that nobody can tell apart (Fishburn numbers): with one
    /// call that is always answered, there is one history for each.
    @Test("no history is missing, and none comes twice")
    func counts() {
        let one = Alphabet(
            model: RegisterModel(), answered: [.read(.none)], unanswered: [])
        let counts = (1...7).map { length in
            var count = 0
            SmallHistories(alphabet: one).forEach(of: length) { _ in count += 1 }
            return count
        }
        #expect(counts == [1, 2, 5, 15, 53, 217, 1014])
    }

    static func compare<Model: SequentialModel>(_ alphabet: Alphabet<Model>, _ name: String) {
        for length in 1...longest {
            var counts = (right: 0, wrong: 0)
            SmallHistories(alphabet: alphabet).forEach(of: length) { history in
                let expected = BruteForce(model: alphabet.model, calls: history).firstViolation
                switch LinearizabilitySearch.check(history, against: alphabet.model) {
                case .linearizable:
                    counts.right += 1
                    if expected != nil { Issue.record("\(name): passed \(history)") }
                case .notLinearizable(let violation):
                    counts.wrong += 1
                    if violation.operation != expected {
                        Issue.record("\(name): \(violation) in \(history)")
                    }
                case .unknown: Issue.record("\(name): undecided \(history)")
                }
            }
            print(
                "\(name): all \(counts.right + counts.wrong) cases of \(length) operations, "
                    + "\(counts.right) linearizable, \(counts.wrong) not")
            #expect(counts.right > 0 && counts.wrong > 0)
        }
    }
}
