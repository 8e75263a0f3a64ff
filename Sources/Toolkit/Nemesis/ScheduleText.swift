/// The text of a schedule, version 2: a header, and for each round a line of its own followed by
/// one line for each of its faults (docs/reference/faults.md).
extension NemesisSchedule {
    public var text: String {
        var lines = ["version=2 seed=\(seed) rounds=\(rounds.count)"]
        for (index, round) in rounds.enumerated() {
            lines.append(
                "round=\(index + 1) pause_millis=\(round.pause) pick=\(round.pick) "
                    + "faults=\(round.steps.count)")
            lines += round.steps.map(\.text)
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// Reads a schedule back. Every fault must be known, with a target that it may have and a
    /// value for each of its parameters. Lines that begin with `#` and empty lines are skipped.
    public init(text: String) throws(ScheduleError) {
        var reader = ScheduleReader(text)
        self = try reader.schedule()
    }
}

extension NemesisSchedule.Step {
    var text: String {
        var words = ["fault=\(kind)", "target=\(target.rawValue)", "at_millis=\(at)"]
        words.append("hold_millis=\(hold)")
        for name in parameters.keys.sorted() { words.append("\(name)=\(parameters[name] ?? 0)") }
        return words.joined(separator: " ")
    }
}

/// What is wrong with the text of a schedule, and where.
public struct ScheduleError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Counted from 1; nil when the text as a whole is meant.
    public let line: Int?
    public let reason: String

    public var description: String {
        line.map { "line \($0) of the schedule: \(reason)" } ?? "the schedule: \(reason)"
    }
}

private struct ScheduleReader {
    private struct Line {
        let number: Int
        let fields: [(name: String, value: String)]
    }

    private var lines: ArraySlice<(number: Int, text: Substring)>

    init(_ text: String) {
        let all = text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
        lines =
            all.map { (number: $0.offset + 1, text: $0.element) }
            .filter { line in line.text.contains { $0 != " " } && !line.text.hasPrefix("#") }[...]
    }

    mutating func schedule() throws(ScheduleError) -> NemesisSchedule {
        let header = try next(as: ["version", "seed", "rounds"])
        guard header.fields[0].value == "2" else {
            throw ScheduleError(line: header.number, reason: "only version 2 can be read")
        }
        let seed = try number(header, 1, in: 0...UInt64.max)
        let count = try number(header, 2, in: 0...UInt64(NemesisSchedule.mostRounds))
        var rounds: [NemesisSchedule.Round] = []
        for index in 0..<count { rounds.append(try round(index + 1)) }
        if let extra = lines.first {
            throw ScheduleError(
                line: extra.number, reason: "the header announces \(count) rounds, this is more")
        }
        return NemesisSchedule(seed: seed, rounds: rounds)
    }

    private mutating func round(_ expected: UInt64) throws(ScheduleError) -> NemesisSchedule.Round {
        let line = try next(as: ["round", "pause_millis", "pick", "faults"])
        _ = try number(line, 0, in: expected...expected)
        let pause = try number(line, 1, in: 0...NemesisSchedule.longestMillis)
        let pick = try number(line, 2, in: 0...UInt64.max)
        let count = try number(line, 3, in: 1...UInt64(NemesisSchedule.mostSteps))
        var steps: [NemesisSchedule.Step] = []
        for _ in 0..<count { steps.append(try step()) }
        return NemesisSchedule.Round(pause: pause, pick: pick, steps: steps)
    }

    private mutating func step() throws(ScheduleError) -> NemesisSchedule.Step {
        let head = ["fault", "target", "at_millis", "hold_millis"]
        let line = try next(as: head, more: true)
        let kind = FaultKind(line.fields[0].value)
        guard let description = FaultVocabulary.description(of: kind) else {
            throw ScheduleError(
                line: line.number,
                reason: "there is no fault `\(kind)`; there are "
                    + FaultVocabulary.names.joined(separator: ", "))
        }
        guard let target = FaultTarget(rawValue: line.fields[1].value),
            description.targets.contains(target)
        else {
            throw ScheduleError(
                line: line.number,
                reason: "fault `\(kind)` cannot have the target `\(line.fields[1].value)`; it can "
                    + "have " + description.targets.map(\.rawValue).joined(separator: ", "))
        }
        let limit = 0...NemesisSchedule.longestMillis
        return NemesisSchedule.Step(
            kind, target, at: try number(line, 2, in: limit), hold: try number(line, 3, in: limit),
            parameters: try parameters(of: description, on: line, from: head.count))
    }

    private func parameters(
        of fault: FaultDescription, on line: Line, from first: Int
    ) throws(ScheduleError) -> [String: UInt64] {
        var values: [String: UInt64] = [:]
        for index in line.fields.indices.dropFirst(first) {
            let name = line.fields[index].name
            guard let parameter = fault.parameters.first(where: { $0.name == name }) else {
                throw ScheduleError(
                    line: line.number, reason: "fault `\(fault.kind)` has no parameter `\(name)`")
            }
            guard values[name] == nil else {
                throw ScheduleError(line: line.number, reason: "`\(name)` is given twice")
            }
            values[name] = try number(line, index, in: parameter.allowed)
        }
        for parameter in fault.parameters where values[parameter.name] == nil {
            throw ScheduleError(
                line: line.number,
                reason: "fault `\(fault.kind)` needs `\(parameter.name)=` with a number from "
                    + "\(parameter.allowed.lowerBound) to \(parameter.allowed.upperBound)")
        }
        return values
    }

    /// The next line, which must begin with fields of these names.
    private mutating func next(
        as names: [String], more: Bool = false
    ) throws(ScheduleError) -> Line {
        guard let (number, text) = lines.popFirst() else {
            throw ScheduleError(
                line: nil, reason: "it ends where a line with `\(names[0])=` should follow")
        }
        var fields: [(name: String, value: String)] = []
        for word in text.split(separator: " ") {
            guard let equals = word.firstIndex(of: "=") else {
                throw ScheduleError(line: number, reason: "`\(word)` is no name=value")
            }
            fields.append((String(word[..<equals]), String(word[word.index(after: equals)...])))
        }
        guard Array(fields.prefix(names.count).map(\.name)) == names,
            more || fields.count == names.count
        else {
            throw ScheduleError(
                line: number,
                reason: "here \(names.map { "\($0)=" }.joined(separator: " ")) should stand")
        }
        return Line(number: number, fields: fields)
    }

    private func number(
        _ line: Line, _ index: Int, in range: ClosedRange<UInt64>
    ) throws(ScheduleError) -> UInt64 {
        let (name, value) = line.fields[index]
        guard let number = UInt64(value), range.contains(number) else {
            let bounds =
                range.lowerBound == range.upperBound
                ? "\(range.lowerBound)" : "a number from \(range.lowerBound) to \(range.upperBound)"
            throw ScheduleError(
                line: line.number, reason: "`\(name)` is `\(value)`; it should be \(bounds)")
        }
        return number
    }
}
