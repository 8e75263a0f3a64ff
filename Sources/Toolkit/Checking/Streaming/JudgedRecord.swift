public import History

/// A record on disk with its judgement.
public struct JudgedRecord: Sendable {
    public let header: RunHeader
    /// Whether the record ends with the mark of a finished recording.
    public let isComplete: Bool
    public let judgement: Judgement
    /// What was held in memory to judge it, if anything was: perhaps only its begin.
    public let events: RunRecord?
    /// Why the stream left the record to the judge in memory; nil when it did not.
    public let streamEndedBecause: String?
}

extension Judge {
    /// Longest record, or begin of one, that is judged in memory, in events: that takes some
    /// twenty kilobytes for each where much has several explanations.
    static let memoryLimit = 400_000

    /// So many events behind the place where the stream ended are read to see what came of it.
    private static let sequel = 20_000

    /// Judges a record while it is read, in memory for what is unsettled. Only where something
    /// is not plainly right is the record read again and judged as a whole. `jobs` threads
    /// decode, as many as there are processors if nothing else is said.
    public static func judge(
        contentsOf path: String, by selection: PromiseSelection = .all,
        jobs: Int? = nil
    ) throws(HistoryFileError) -> JudgedRecord {
        try judge(contentsOf: path, by: selection, jobs: jobs, stage: ThreadStage())
    }

    /// The same, telling what the calling thread is at.
    static func judge(
        contentsOf path: String, by selection: PromiseSelection, jobs: Int?, stage: ThreadStage
    ) throws(HistoryFileError) -> JudgedRecord {
        var reader = try open(path, jobs: jobs)
        var taken = 0
        var reason: String?
        var events: RunRecord?
        let judgement: Judgement
        switch try stream(&reader, by: selection, &taken, stage) {
        case .success(let streamed): judgement = streamed
        case .failure(let declined):
            reason = declined.words
            let isShort = reader.eventCount <= UInt64(memoryLimit)
            if isShort || reader.header.origin.obstacle != nil {
                let record = try RunRecord(contentsOf: path)
                events = record
                judgement = judge(record, by: selection)
            } else {
                let begin = try begin(of: path, through: taken)
                events = begin
                judgement =
                    begin.map { judge($0, by: selection) }.flatMap {
                        $0.verdict == .blocked ? $0 : nil
                    } ?? tooLong(reader.eventCount, taken, declined, selection)
            }
        }
        return JudgedRecord(
            header: reader.header, isComplete: reader.ending == .finished, judgement: judgement,
            events: events, streamEndedBecause: reason)
    }

    private static func open(
        _ path: String, jobs: Int?
    ) throws(HistoryFileError) -> NativeRecordReader {
        if let jobs { return try NativeRecordReader(path: path, jobs: jobs) }
        return try NativeRecordReader(path: path)
    }

    /// The begin of a record too long for memory, as far as the stream has followed it and a
    /// little farther: what it breaks is broken, whatever comes behind it. Nil if that is too
    /// long as well.
    private static func begin(
        of path: String, through taken: Int
    ) throws(HistoryFileError) -> RunRecord? {
        guard taken + sequel <= memoryLimit else { return nil }
        var reader = try NativeRecordReader(path: path)
        var begin = RunRecord(header: reader.header, events: [], isComplete: false)
        while begin.events.count < taken + sequel, let batch = try reader.nextBatch() {
            begin.events += batch
        }
        return begin
    }

    private static func tooLong(
        _ eventCount: UInt64, _ taken: Int, _ declined: Declined, _ selection: PromiseSelection
    ) -> Judgement {
        var statistics = JudgementStatistics()
        statistics.events = Int(eventCount)
        return Judgement(
            verdict: .unknown(
                "\(declined.words), within the first \(taken) events; a record of "
                    + "\(eventCount) events is too long to be judged in memory, which would "
                    + "explain it"),
            findings: [], statistics: statistics, leftOut: selection.leftOut)
    }

    /// What the stream says of events that are in memory: the judgement, or why it leaves the
    /// judgement to `judge`.
    static func stream(
        _ chunks: [PlainChunk], _ header: RunHeader
    ) -> Result<Judgement, Declined> {
        do throws(Declined) {
            var stream = try StreamingJudge(header)
            for chunk in chunks { try stream.take(chunk) }
            return .success(try stream.finish(.all))
        } catch {
            return .failure(error)
        }
    }

    /// `taken` is how many events the stream has seen.
    private static func stream(
        _ reader: inout NativeRecordReader, by selection: PromiseSelection, _ taken: inout Int,
        _ stage: ThreadStage
    ) throws(HistoryFileError) -> Result<Judgement, Declined> {
        var stream: StreamingJudge
        do throws(Declined) { stream = try StreamingJudge(reader.header, stage: stage) } catch {
            return .failure(error)
        }
        while let chunk = try reader.nextPlainChunk() {
            taken += chunk.events.count
            do throws(Declined) { try stream.take(chunk) } catch { return .failure(error) }
            stage.enter(.waiting)
        }
        do throws(Declined) { return .success(try stream.finish(selection)) } catch {
            return .failure(error)
        }
    }
}
