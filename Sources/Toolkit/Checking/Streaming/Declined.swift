/// Why the streaming judge leaves a record to the judge in memory. It is no finding: it says what
/// was met that is not plainly right, or that the stream does not follow.
enum Declined: Error, Hashable {
    /// Sequence, time, attempts: promise 20.
    case record
    /// An answer that has no place in the log, or a second one.
    case place
    case realTime
    case answer
    case tick
    case gap
    case read
    /// Commands whose outcome nobody told until the end.
    case untold
    /// Something that is legal but more than the stream keeps in sight.
    case outOfSight

    var words: String {
        switch self {
        case .record: "the record is not whole"
        case .place: "an answer does not fit its place in the log"
        case .realTime: "the log contradicts real time"
        case .answer: "an answer is not what the log calls for"
        case .tick: "a tick reports what the log does not show"
        case .gap: "nothing that is certain explains an LSN that no client was told of"
        case .read: "a read does not show what the log calls for"
        case .untold: "the outcome of a command is unknown at the end"
        case .outOfSight: "it depends on what lies too far back to be kept in sight"
        }
    }
}
