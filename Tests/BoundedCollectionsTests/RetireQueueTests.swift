import BoundedCollections
import TestSupport
import Testing

@Suite("A retire queue is first-in first-out and never longer than its capacity")
struct RetireQueueTests {
    private typealias Queue = RetireQueue<UInt128, UInt64>

    @Test("every recorded sequence of operations gives the recorded answers")
    func vectors() throws {
        let sequences = try Vectors.json("retire-queue.json")["sequences"].array
        var operations = 0
        for sequence in sequences {
            var queue = Queue(capacity: try #require(sequence["capacity"].integer()))
            for operation in sequence["ops"].array {
                operations += 1
                let at = "\(sequence["name"].string ?? "") \(operation)"
                switch operation[0].string {
                case "push":
                    let isFull =
                        (try? queue.push(
                            try #require(operation[1].integer()),
                            retireAfter: try #require(operation[2].integer()))) == nil
                    #expect((isFull ? "full" : "ok") == operation[3].string, "\(at)")
                case "front": #expect(queue.front == entry(operation[1]), "\(at)")
                case "pop": #expect(queue.pop() == entry(operation[1]), "\(at)")
                default: Issue.record("unknown operation \(at)")
                }
            }
        }
        print("retire-queue.json: \(sequences.count) sequences, \(operations) operations")
        #expect(sequences.count == 12)
    }

    private func entry(_ value: JSONValue) -> Queue.Entry? {
        guard let key: UInt128 = value[0].integer(), let slot: UInt64 = value[1].integer() else {
            return nil
        }
        return Queue.Entry(key: key, retireAfter: slot)
    }

    @Test("a long run of pushes and pops answers like a plain list")
    func longRun() throws {
        var queue = Queue(capacity: 7)
        var model: [Queue.Entry] = []
        var state: UInt64 = 42
        for step in 0..<20_000 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            if state >> 63 == 0 {
                let entry = Queue.Entry(key: UInt128(step), retireAfter: state)
                if model.count < 7 {
                    try queue.push(entry.key, retireAfter: entry.retireAfter)
                    model.append(entry)
                } else {
                    #expect(throws: Queue.Full()) {
                        try queue.push(entry.key, retireAfter: entry.retireAfter)
                    }
                }
            } else {
                #expect(queue.pop() == (model.isEmpty ? nil : model.removeFirst()))
            }
            #expect(queue.front == model.first)
        }
    }
}
