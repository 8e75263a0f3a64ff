import History
import Minimization

/// A small part of a record that is not whole in itself, of which only the events can be looked
/// at: they do not make attempts.
enum RawExtract {
    /// The smallest part found; nil where none shows the finding.
    static func find(
        _ record: RunRecord, _ oracle: ExtractOracle, effort: inout ExtractEffort
    ) -> RunRecord? {
        let named = Set(oracle.finding.events)
        let accused = record.events.indices.filter { named.contains(record.events[$0].sequence) }
        guard let first = accused.first, let last = accused.last else { return nil }
        var best: RunRecord?
        do throws(ExtractEffort.Spent) {
            // A number that is missing shows only next to the event that misses it.
            if oracle.finding.code == .brokenRecord {
                return try surroundings(of: first...last, record, oracle, &effort)
            }
            let others = (0...last).filter { !named.contains(record.events[$0].sequence) }
            let cut = part(record, Array(0...last), isContiguous: false)
            if try oracle.shows(cut, &effort) { best = cut }
            _ = try DeltaDebugging.smallest(of: others.count) {
                kept throws(ExtractEffort.Spent) in
                let part = Self.part(
                    record, (kept.map { others[$0] } + accused).sorted(), isContiguous: false)
                guard try oracle.shows(part, &effort) else { return false }
                best = part
                return true
            }
        } catch {}
        return best
    }

    /// As few events in front of the accused ones as will do, without a gap.
    private static func surroundings(
        of accused: ClosedRange<Int>, _ record: RunRecord, _ oracle: ExtractOracle,
        _ effort: inout ExtractEffort
    ) throws(ExtractEffort.Spent) -> RunRecord? {
        var before = 1
        while true {
            let start = max(0, accused.lowerBound - before)
            let part = part(record, Array(start...accused.upperBound), isContiguous: true)
            if try oracle.shows(part, &effort) { return part }
            if start == 0 { return nil }
            before += 1
        }
    }

    private static func part(
        _ record: RunRecord, _ indexes: [Int], isContiguous: Bool
    ) -> RunRecord {
        var header = record.header
        header.origin = .extract(
            RecordExtract(of: UInt64(record.events.count), isContiguous: isContiguous))
        return RunRecord(
            header: header, events: indexes.map { record.events[$0] }, isComplete: false)
    }
}
