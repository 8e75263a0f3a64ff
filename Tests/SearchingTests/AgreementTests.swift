import Foundation
import Searching
import Testing

@Suite("the search agrees with trying every order")
struct AgreementTests {
    /// `ALLOCDB_SEARCH_HISTORIES` random histories for each model; a night takes 100000 and more.
    static let histories =
        ProcessInfo.processInfo.environment["ALLOCDB_SEARCH_HISTORIES"].flatMap { Int($0) } ?? 1500
    static let seed =
        ProcessInfo.processInfo.environment["ALLOCDB_SEARCH_SEED"].flatMap { UInt64($0) } ?? 1

    static func value(_ number: Int64) -> Value { Value(number) ?? .none }

    static let register: Alphabet<RegisterModel> = {
        let (one, two) = (value(1), value(2))
        return Alphabet(
            model: RegisterModel(),
            answered: [
                .read(.none), .read(one), .read(two), .write(one), .write(two),
                .compareAndSet(from: one, to: two, succeeded: true),
                .compareAndSet(from: two, to: one, succeeded: true),
                .compareAndSet(from: one, to: one, succeeded: true),
                .compareAndSet(from: one, to: two, succeeded: false),
            ],
            unanswered: [
                .write(one), .write(two), .compareAndSet(from: one, to: two, succeeded: nil),
            ])
    }()
    static let mutex = Alphabet(
        model: MutexModel(),
        answered: [
            .acquire(succeeded: true), .release(succeeded: true), .acquire(succeeded: false),
            .release(succeeded: false),
        ],
        unanswered: [.acquire(succeeded: nil), .release(succeeded: nil)])
    static let lease = Alphabet(
        model: LeaseModel(),
        answered: [
            .acquire(token: 1), .acquire(token: 2), .acquire(token: 0),
            .release(token: 1, succeeded: true), .release(token: 2, succeeded: true),
            .release(token: 1, succeeded: false), .read(0), .read(1), .read(2),
        ],
        unanswered: [.acquire(token: nil), .release(token: 1, succeeded: nil)])
    static let queue = Alphabet(
        model: QueueModel(),
        answered: [
            .enqueue(value(1)), .enqueue(value(2)), .dequeue(value(1)), .dequeue(value(2)),
            .dequeue(.none),
        ],
        unanswered: [.enqueue(value(1)), .enqueue(value(2)), .dequeueUnanswered])
    static let set = Alphabet(
        model: SetModel(),
        answered: [
            .add(value(1)), .add(value(2)), .remove(value(1)), .read([]), .read([value(1)]),
            .read([value(2)]), .read([value(1), value(2)]),
        ],
        unanswered: [.add(value(1)), .add(value(2)), .remove(value(1))])

    @Test("on registers") func registers() { Self.compare(Self.register, "register") }
    @Test("on mutexes") func mutexes() { Self.compare(Self.mutex, "mutex") }
    @Test("on leases") func leases() { Self.compare(Self.lease, "lease") }
    @Test("on queues") func queues() { Self.compare(Self.queue, "fifo-queue") }
    @Test("on sets") func sets() { Self.compare(Self.set, "set") }

    static func compare<Model: SequentialModel>(_ alphabet: Alphabet<Model>, _ name: String) {
        var counts = (all: 0, wrong: 0, right: 0)
        func check(_ history: [TimedCall<Model.Call>]) {
            let expected = BruteForce(model: alphabet.model, calls: history).firstViolation
            counts.all += 1
            switch LinearizabilitySearch.check(history, against: alphabet.model) {
            case .linearizable:
                counts.right += 1
                #expect(expected == nil, "\(name): passed \(history)")
            case .notLinearizable(let violation):
                counts.wrong += 1
                if violation.operation != expected {
                    Issue.record("\(name): \(violation) instead of \(String(describing: expected))")
                }
            case .unknown: Issue.record("\(name): undecided \(history)")
            }
        }
        let enumerated = histories >= 50_000 ? 3 : 2
        for length in 1...enumerated { alphabet.forEachHistory(of: length, check) }
        let small = counts.all
        var random = SmallRandom(state: seed)
        for number in 0..<histories {
            check(alphabet.randomHistory(&random, operations: 3 + number % 5))
        }
        print(
            "\(name), seed \(seed): \(small) cases enumerated, \(histories) random; "
                + "\(counts.right) linearizable, \(counts.wrong) not")
        #expect(small > 0 && counts.right > histories / 4 && counts.wrong > histories / 10)
    }
}
