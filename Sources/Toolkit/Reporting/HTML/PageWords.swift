import Checking
import FoundationEssentials
import History

/// How moments, durations and outcomes read on a page.
enum PageWords {
    /// Seconds since the run began, to the tenth of a millisecond.
    static func time(_ instant: RunInstant) -> String {
        fixed(instant.rawValue / 100_000, 4) + " s"
    }

    /// A length of time with three digits or so.
    static func duration(nanoseconds: UInt64) -> String {
        let micros = nanoseconds / 1000
        if micros < 1000 { return "\(micros) µs" }
        if micros < 100_000 { return fixed(micros / 10, 2) + " ms" }
        if micros < 1_000_000 { return "\(micros / 1000) ms" }
        if micros < 10_000_000 { return fixed(micros / 10_000, 2) + " s" }
        return fixed(micros / 100_000, 1) + " s"
    }

    static func latency(_ micros: UInt32?) -> String {
        micros.map { duration(nanoseconds: UInt64($0) * 1000) } ?? "–"
    }

    /// `value` in units of 10^-digits, with so many digits after the point.
    static func fixed(_ value: UInt64, _ digits: Int) -> String {
        let text = String(value)
        let padded = String(repeating: "0", count: max(0, digits + 1 - text.count)) + text
        return "\(padded.dropLast(digits)).\(padded.suffix(digits))"
    }

    /// A moment of the wall clock, to the second, in UTC.
    static func wallClock(nanoseconds: UInt64) -> String {
        Date(timeIntervalSince1970: Double(nanoseconds / 1_000_000_000)).formatted(.iso8601)
    }

    /// Groups of three digits, so that large numbers can be read.
    static func count(_ value: some BinaryInteger) -> String {
        var text = ""
        for (offset, digit) in String(value).reversed().enumerated() {
            if offset > 0, offset % 3 == 0, digit != "-" { text.append("\u{2009}") }
            text.append(digit)
        }
        return String(text.reversed())
    }

    /// `1 fault`, `2 faults`.
    static func counted(_ value: some BinaryInteger, _ noun: String, _ plural: String? = nil)
        -> String
    {
        "\(count(value)) \(value == 1 ? noun : plural ?? noun + "s")"
    }

    static func process(_ process: ProcessID) -> String {
        process == .tool ? "the tool" : "client \(process)"
    }

    static func answer(_ outcome: Outcome) -> String {
        switch outcome {
        case .committed(let lsn, let result, let fromCache):
            var parts = ["ok at LSN \(lsn)"]
            if let id = result.reservationID { parts.append("reservation \(id)") }
            if let epoch = result.epoch { parts.append("epoch \(epoch)") }
            if let deadline = result.deadline { parts.append("deadline slot \(deadline)") }
            if fromCache { parts.append("as remembered") }
            return parts.joined(separator: ", ")
        case .refused(let lsn, let code, let fromCache):
            return "refused, \(code.name), at LSN \(lsn)" + (fromCache ? ", as remembered" : "")
        case .ticked(let applied, let last):
            return "ticked, \(counted(applied, "expiry", "expiries"))"
                + (last.map { ", the last at LSN \($0)" } ?? "")
        case .read(let answer, let facts):
            let place = facts.observedLSN.map { " (at LSN \($0))" } ?? ""
            return "read: \(Words.of(answer))\(place)"
        case .failed(let failure): return "failed for certain: \(words(failure))"
        case .ambiguous(let ambiguity): return "nobody knows: \(words(ambiguity))"
        }
    }

    /// An answer in as few words as a picture has room for.
    static func brief(_ outcome: Outcome) -> String {
        switch outcome {
        case .committed(let lsn, _, _): "LSN \(lsn)"
        case .refused(let lsn, let code, _): "\(code.name), LSN \(lsn)"
        case .ticked(let applied, _): "\(applied) expired"
        case .read(let answer, _): brief(answer)
        case .failed: "failed"
        case .ambiguous: "nobody knows"
        }
    }

    private static func brief(_ answer: ReadAnswer) -> String {
        switch answer {
        case .resource(let view): "\(view.state)"
        case .lease(let view): "\(view.state)"
        case .notFound: "not found"
        case .retired: "retired"
        }
    }

    static func words(_ failure: DefiniteFailure) -> String {
        switch failure {
        case .notPrimary(let role): "not the primary" + (role.map { " but \($0.rawValue)" } ?? "")
        case .fenceNotApplied(let last):
            "the LSN that was demanded is not applied" + (last.map { ", only \($0)" } ?? "")
        case .engineHalted: "the engine is halted"
        case .invalidRequest: "invalid request"
        case .slotOverflow: "slot overflow"
        case .commandTooLarge: "command too large"
        case .lsnExhausted: "LSNs exhausted"
        case .overloaded: "overloaded"
        case .isolated: "the replica is isolated"
        case .replicaFaulted: "the replica is faulted"
        case .connectionRefused: "connection refused"
        }
    }

    static func words(_ ambiguity: Ambiguity) -> String {
        switch ambiguity {
        case .timeout: "no answer in time"
        case .transportLoss: "the connection broke"
        case .indefiniteWrite: "the replica cannot tell"
        case .unintelligibleAnswer: "unintelligible answer"
        case .interrupted: "the record ends before an answer"
        }
    }
}
