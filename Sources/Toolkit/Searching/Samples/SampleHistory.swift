import Glibc

/// Makes correct histories of any size, and violations planted in them: the same, byte for byte, as
/// `generate-search-history.py` with the same arguments, so that figures can be compared.
///
/// Each client always has one operation open. An operation takes 1 ms and more, and takes effect at
/// a random time in between.
public struct SampleHistory: Sendable {
    /// What the history is of.
    public enum Kind: String, Sendable {
        case register
        case lease
    }

    public var kind: Kind
    public var operations: Int
    public var clients: Int
    public var seed: UInt32
    public var keys = 1
    /// How many values are written; 0 for a new value with each write.
    public var domain = 5
    /// The share of operations that are never answered.
    public var unanswered = 0.0
    /// Whether an answer near three quarters of the history is made impossible.
    public var isBad = false

    public init(_ kind: Kind, _ operations: Int, clients: Int, seed: UInt32) {
        self.kind = kind
        self.operations = operations
        self.clients = clients
        self.seed = seed
    }

    /// Calls `write` with the text, line by line.
    public func generate(_ write: (String) -> Void) {
        var generation = Generation(self)
        generation.run()
        if isBad { generation.plant() }
        for operation in generation.made { write(operation.line) }
    }
}

private struct Made {
    var process: Int
    var call: Int
    var end: Int
    var key: Int
    var word: String
    var first: Int
    var second: Int
    var result: Int

    var line: String {
        "\(process)\t\(call)\t\(end)\t\(key)\t\(word)\t\(first)\t\(second)\t\(result)\n"
    }
}

private struct Generation {
    private enum Happening {
        case call, effect, answer, loss
    }

    private struct Event: Comparable {
        var time: Int
        var number: Int
        var happening: Happening
        var client: Int
        var operation: Int

        static func < (left: Event, right: Event) -> Bool {
            (left.time, left.number) < (right.time, right.number)
        }
        static func == (left: Event, right: Event) -> Bool { left.number == right.number }
    }

    private let wanted: SampleHistory
    private var random: MersenneTwister
    private(set) var made: [Made] = []
    private var state: [Int]
    private var latest: [Int]
    private var held: [(key: Int, token: Int)?]
    private var processes: [Int]
    private var nextProcess: Int
    private var nextValue = 1
    /// A binary heap.
    private var events: [Event] = []
    private var eventNumber = 0

    init(_ wanted: SampleHistory) {
        self.wanted = wanted
        random = MersenneTwister(seed: wanted.seed)
        state = [Int](repeating: 0, count: wanted.keys)
        latest = state
        held = [(key: Int, token: Int)?](repeating: nil, count: wanted.clients)
        processes = Array(0..<wanted.clients)
        nextProcess = wanted.clients
    }

    mutating func run() {
        for client in 0..<wanted.clients {
            push(random.number(from: 1, below: 10_000_000), .call, client, -1)
        }
        while let event = pop() {
            switch event.happening {
            case .call: if made.count < wanted.operations { call(event) }
            case .effect: made[event.operation].result = apply(made[event.operation])
            case .answer: answer(event)
            case .loss:
                made[event.operation].result = -1
                held[event.client] = nil
                processes[event.client] = nextProcess
                nextProcess += 1
                pause(event)
            }
        }
    }

    /// Makes the first suitable answer after three quarters of the history impossible.
    mutating func plant() {
        for index in made.indices.dropFirst(Int(Double(made.count) * 0.75)) {
            guard made[index].end > 0 else { continue }
            if made[index].word == "r" {
                made[index].result = 1_000_000_000
                return
            }
            if made[index].word == "acq", made[index].result == 0 {
                made[index].result = 1_000_000
                return
            }
        }
    }

    private mutating func call(_ event: Event) {
        var operation = choose(event.client)
        let latency = 1_000_000 + Int(random.exponential(rate: 1 / 9e6))
        operation.process = processes[event.client]
        operation.call = event.time
        operation.end = event.time + latency
        let index = made.count
        let isLost = wanted.unanswered > 0 && random.fraction() < wanted.unanswered
        let effect = random.number(from: event.time + 1, below: event.time + latency)
        if isLost {
            operation.end = -1
            if random.fraction() < 0.5 { push(effect, .effect, event.client, index) }
            push(event.time + latency, .loss, event.client, index)
        } else {
            push(effect, .effect, event.client, index)
            push(event.time + latency, .answer, event.client, index)
        }
        made.append(operation)
    }

    private mutating func answer(_ event: Event) {
        let operation = made[event.operation]
        if operation.word == "acq", operation.result != 0 {
            held[event.client] = (operation.key, operation.result)
        } else if operation.word == "rel" {
            held[event.client] = nil
        }
        pause(event)
    }

    private mutating func pause(_ event: Event) {
        let pause = Int(random.exponential(rate: 1 / 2e5))
        push(event.time + 1 + pause, .call, event.client, -1)
    }

    private mutating func choose(_ client: Int) -> Made {
        let key = random.number(from: 0, below: wanted.keys)
        func asking(_ word: String, _ first: Int = 0, _ second: Int = 0, of other: Int? = nil)
            -> Made
        {
            Made(
                process: 0, call: 0, end: 0, key: other ?? key, word: word, first: first,
                second: second, result: 0)
        }
        switch wanted.kind {
        case .register:
            let choice = random.fraction()
            if choice < 0.5 { return asking("r") }
            if choice < 0.75 { return asking("w", value()) }
            let from = wanted.domain > 0 ? value() : state[key]
            return asking("c", from, value())
        case .lease:
            if let lease = held[client] {
                return random.fraction() < 0.5
                    ? asking("rel", lease.token, of: lease.key) : asking("get", of: lease.key)
            }
            return random.fraction() < 0.7 ? asking("acq") : asking("get")
        }
    }

    private mutating func value() -> Int {
        if wanted.domain > 0 { return random.number(from: 1, below: wanted.domain + 1) }
        defer { nextValue += 1 }
        return nextValue
    }

    private mutating func apply(_ operation: Made) -> Int {
        let now = state[operation.key]
        switch operation.word {
        case "w":
            state[operation.key] = operation.first
            return 0
        case "c":
            guard now == operation.first else { return 0 }
            state[operation.key] = operation.second
            return 1
        case "acq":
            guard now == 0 else { return 0 }
            latest[operation.key] += 1
            state[operation.key] = latest[operation.key]
            return latest[operation.key]
        case "rel":
            guard now != 0, now == operation.first else { return 0 }
            state[operation.key] = 0
            return 1
        default: return now
        }
    }

    private mutating func push(
        _ time: Int, _ happening: Happening, _ client: Int, _ operation: Int
    ) {
        eventNumber += 1
        events.append(
            Event(
                time: time, number: eventNumber, happening: happening, client: client,
                operation: operation))
        var place = events.count - 1
        while place > 0, events[place] < events[(place - 1) / 2] {
            events.swapAt(place, (place - 1) / 2)
            place = (place - 1) / 2
        }
    }

    private mutating func pop() -> Event? {
        guard let first = events.first, let last = events.popLast() else { return nil }
        guard !events.isEmpty else { return first }
        events[0] = last
        var place = 0
        while true {
            var least = place
            for child in [place * 2 + 1, place * 2 + 2] where child < events.count {
                if events[child] < events[least] { least = child }
            }
            if least == place { return first }
            events.swapAt(place, least)
            place = least
        }
    }
}
