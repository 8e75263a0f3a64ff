public import History

/// Which events of a record an excerpt keeps. Every condition must hold.
public struct Slice: Hashable, Sendable {
    public var sequences: ClosedRange<UInt64>
    /// Since the begin of the run.
    public var times: ClosedRange<RunInstant>
    /// Empty: all. Faults and notes are always kept.
    public var processes: Set<ProcessID>

    public init(
        sequences: ClosedRange<UInt64> = 0...(.max),
        times: ClosedRange<RunInstant> = RunInstant(0)...RunInstant(.max),
        processes: Set<ProcessID> = []
    ) {
        self.sequences = sequences
        self.times = times
        self.processes = processes
    }

    public struct Made: Hashable, Sendable {
        public let eventsRead: UInt64
        public let eventsWritten: UInt64
    }

    /// Writes the excerpt, whose events keep their sequences. It says that it is one, so that
    /// nobody judges it.
    public func cut(
        _ path: String, to form: HistoryForm, output: String?
    ) throws(InterchangeError) -> Made {
        guard form != .text, try TextInput.nature(of: path) == .record else {
            throw .impossible(
                "a text of version 1 cannot say that it is an excerpt, and would be taken for a "
                    + "whole history; cut a record instead")
        }
        return try OutputFile.making(output) { () throws(InterchangeError) in
            let (count, isWhole) = try Self.survey(path)
            var input = try RecordInput(path: path)
            var header = input.header
            switch header.origin {
            case .recorded: header.origin = .excerpt(of: isWhole ? count : nil)
            case .excerpt: break
            case .merged:
                throw .impossible("\(path) was merged; cut the records before they are merged")
            case .extract:
                throw .impossible("\(path) is an extract; cut the record that it was made of")
            }
            var result = try RecordOutput(form, path: output, header: header)
            while let event = try input.next() {
                if keeps(event) { try result.append(event) }
            }
            try result.finish(isWhole: true)
            return Made(eventsRead: count, eventsWritten: result.eventCount)
        }
    }

    /// How many events there are and whether the record was finished.
    private static func survey(
        _ path: String
    ) throws(InterchangeError) -> (count: UInt64, isWhole: Bool) {
        var input = try RecordInput(path: path)
        var count: UInt64 = 0
        while try input.next() != nil { count += 1 }
        return (count, input.isWhole)
    }

    func keeps(_ event: HistoryEvent) -> Bool {
        guard sequences.contains(event.sequence.rawValue), times.contains(event.time) else {
            return false
        }
        switch event.content {
        case .fault, .note: return true
        case .invoke, .complete: return processes.isEmpty || processes.contains(event.process)
        }
    }
}
