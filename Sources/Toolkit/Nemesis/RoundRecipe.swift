import Randomness

/// How rounds of one shape are made: which faults, on whom, in which order, with times that are
/// drawn for each round. All times are in milliseconds.
struct RoundRecipe: Hashable, Sendable {
    struct Part: Hashable, Sendable {
        enum Start: Hashable, Sendable {
            /// After the begin of the round.
            case begin(ClosedRange<UInt64>)
            /// After the end of the part before.
            case after(ClosedRange<UInt64>)
        }

        enum Hold: Hashable, Sendable {
            /// What the fault usually lasts.
            case usual
            case range(ClosedRange<UInt64>)
            /// Until all other parts have ended.
            case toTheEnd
        }

        var kind: FaultKind
        /// One of them is drawn.
        var targets: [FaultTarget]
        var start: Start
        var hold: Hold

        init(
            _ kind: String, _ targets: [FaultTarget], _ start: Start = .begin(0...0),
            hold: Hold = .usual
        ) {
            self.kind = FaultKind(kind)
            self.targets = targets
            self.start = start
            self.hold = hold
        }
    }

    var parts: [Part]

    init(_ parts: Part...) {
        self.parts = parts
    }

    /// A round of one fault, on any of its targets.
    init(_ fault: FaultDescription) {
        parts = [Part(fault.kind.name, fault.targets)]
    }

    func round(_ random: inout SeededRandom) -> NemesisSchedule.Round {
        let pause = random.number(in: 400...2500)
        var steps: [NemesisSchedule.Step] = []
        for part in parts {
            let start =
                switch part.start {
                case .begin(let range): random.number(in: range)
                case .after(let range): (steps.last?.end ?? 0) + random.number(in: range)
                }
            let description = FaultVocabulary.description(of: part.kind)
            let target = part.targets[random.index(below: part.targets.count)]
            let hold: UInt64 =
                switch part.hold {
                case .usual: random.number(in: description?.usualHold ?? 100...2000)
                case .range(let range): random.number(in: range)
                case .toTheEnd: 0
                }
            var parameters: [String: UInt64] = [:]
            for parameter in description?.parameters ?? [] {
                parameters[parameter.name] = random.number(in: parameter.usual)
            }
            steps.append(
                NemesisSchedule.Step(
                    part.kind, target, at: start, hold: hold, parameters: parameters))
        }
        let end = steps.map(\.end).max() ?? 0
        for (index, part) in parts.enumerated() where part.hold == .toTheEnd {
            steps[index].hold = end - steps[index].at
        }
        return NemesisSchedule.Round(pause: pause, pick: random.next(), steps: steps)
    }
}

extension NemesisSchedule {
    /// Rounds that fill `window` if nothing else took time. Every slot comes once in each pass
    /// through them, in a shuffled order, so that also a short run meets them all; of a slot with
    /// several recipes one is drawn each time.
    static func shuffled(
        _ slots: [[RoundRecipe]], seed: UInt64, window: Duration
    ) -> NemesisSchedule {
        var random = SeededRandom(seed: seed, stream: 0x6e65_6d65)
        var rounds: [Round] = []
        var planned: UInt64 = 0
        let enough = UInt64(max(0, window.milliseconds))
        let slots = slots.filter { !$0.isEmpty }
        while !slots.isEmpty, planned < enough, rounds.count < mostRounds {
            var order = slots
            for index in stride(from: order.count - 1, to: 0, by: -1) {
                order.swapAt(index, random.index(below: index + 1))
            }
            for slot in order where rounds.count < mostRounds {
                let recipe = slot.count == 1 ? slot[0] : slot[random.index(below: slot.count)]
                let round = recipe.round(&random)
                rounds.append(round)
                planned += round.planned
            }
        }
        return NemesisSchedule(seed: seed, rounds: rounds)
    }

    /// Rounds of the named faults alone, each on any of its targets (`--faults`).
    public static func of(
        _ faults: [FaultDescription], seed: UInt64, window: Duration
    ) -> NemesisSchedule {
        shuffled(faults.map { [RoundRecipe($0)] }, seed: seed, window: window)
    }
}

extension Duration {
    var milliseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1000 + attoseconds / 1_000_000_000_000_000
    }
}
