/// Which keys a line must have, one bit each.
struct PlainTextDemands {
    /// Numbers that must fit 64 bits, where they stand.
    let narrow = bits(
        .sequence, .leaseEpoch, .requiredLSN, .requestSlot, .ttl, .appliedLSN,
        .committedLeaseEpoch, .expiresAt, .releasedLSN, .servedBy, .observedLSN)
    /// What every line has, and which of that are numbers.
    let line = bits(.sequence, .process, .timeMillis, .operation, .outcome)
    let lineNumbers = bits(.sequence, .timeMillis)
    let committed = bits(.appliedLSN)
    let reserved = bits(
        .resourceID, .committedReservationID, .committedHolderID, .committedLeaseEpoch,
        .expiresAt)
    let confirmed = bits(
        .resourceID, .committedReservationID, .committedHolderID, .committedLeaseEpoch)
    let released = bits(.resourceID, .committedReservationID, .committedHolderID)
    let ended = bits(.committedReservationID)
    let read = bits(.readTarget, .servedBy, .servedRole)
    let states = bits(.resourceState, .reservationState)

    static func bits(_ keys: TextKey...) -> UInt32 {
        keys.reduce(0) { $0 | 1 << UInt32($1.rawValue) }
    }
}

/// The words of text version 1, each with its place in the list of its kind.
struct PlainTextVocabulary {
    let kinds = TextOperation.Kind.allCases
    let roles = ReplicaRole.allCases
    let reasons = TextOutcome.FailureReason.allCases

    static let committed: UInt8 = 0
    static let readOK: UInt8 = 1
    static let definiteFailure: UInt8 = 2
    static let ambiguous: UInt8 = 3
    /// Reasons from here on are those of an ambiguous outcome.
    static let firstAmbiguity: UInt8 = 128

    private let operationWords: PlainTextWords
    private let outcomeWords = PlainTextWords([
        ("committed_write", committed), ("read_ok", readOK),
        ("definite_failure", definiteFailure), ("ambiguous", ambiguous),
    ])
    private let resultWords: PlainTextWords
    private let targetWords: PlainTextWords
    private let roleWords: PlainTextWords
    private let reasonWords: PlainTextWords

    init() {
        operationWords = Self.numbered(TextOperation.Kind.self)
        resultWords = Self.numbered(TextWriteResult.Kind.self)
        targetWords = Self.numbered(TextRead.Target.self)
        roleWords = Self.numbered(ReplicaRole.self)
        var reasons = Self.list(TextOutcome.FailureReason.self, from: 0)
        reasons += Self.list(TextOutcome.AmbiguityReason.self, from: Self.firstAmbiguity)
        reasonWords = PlainTextWords(reasons)
    }

    /// The number of the word that stands as the value of a key; nil for a word of none.
    @inline(__always)
    func find(_ key: Int, _ bytes: UnsafeRawPointer, _ place: Int, count: Int) -> UInt8? {
        switch key {
        case TextKey.operation.rawValue: operationWords.find(bytes, place, count: count)
        case TextKey.outcome.rawValue: outcomeWords.find(bytes, place, count: count)
        case TextKey.writeResult.rawValue: resultWords.find(bytes, place, count: count)
        case TextKey.reason.rawValue: reasonWords.find(bytes, place, count: count)
        case TextKey.servedRole.rawValue: roleWords.find(bytes, place, count: count)
        case TextKey.readTarget.rawValue: targetWords.find(bytes, place, count: count)
        default: nil
        }
    }

    private static func numbered<Word: CaseIterable & RawRepresentable>(
        _ type: Word.Type
    ) -> PlainTextWords where Word.RawValue == String {
        PlainTextWords(list(type, from: 0))
    }

    private static func list<Word: CaseIterable & RawRepresentable>(
        _ type: Word.Type, from first: UInt8
    ) -> [(String, UInt8)] where Word.RawValue == String {
        Word.allCases.enumerated().map { ($1.rawValue, first + UInt8($0)) }
    }
}
