public import Checking
import History
public import Interchange
public import SystemCalls

/// Writes, for each finding of a history that was judged, the smallest part of it that still shows
/// the finding, and an index of them.
public struct FindingExtracts: Sendable {
    public static let indexName = "index.txt"

    public enum Failure: Error, CustomStringConvertible {
        case write(InterchangeError)
        case folder(SystemError)

        public var description: String {
            switch self {
            case .write(let error): "\(error)"
            case .folder(let error): "\(error)"
            }
        }
    }

    /// How the history is named in the index.
    private let path: String
    private let selection: PromiseSelection
    private let extraction: Extraction

    /// Looks for the extracts. Nil for a history that could not be read, whose events were not
    /// kept, or that is a text of version 1, which has none.
    public init?(
        of history: JudgedHistory, named path: String, by selection: PromiseSelection
    ) {
        guard let record = history.record, let judgement = history.judgement else { return nil }
        self.path = path
        self.selection = selection
        extraction = Extraction(of: record, judged: judgement, by: selection)
    }

    /// How many findings there are, and of how many there is an extract.
    public var counts: (findings: Int, extracts: Int) {
        (extraction.pieces.count, extraction.pieces.count { $0.record != nil })
    }

    /// Writes into a folder that is empty, or not there yet.
    public func write(to folder: String) throws(Failure) {
        do throws(SystemError) {
            try FileSystem.createFolders(folder)
        } catch {
            throw .folder(error)
        }
        for piece in extraction.pieces {
            guard let record = piece.record else { continue }
            do throws(InterchangeError) {
                var output = try RecordOutput(
                    .jsonLines, path: Path.join(folder, Self.name(of: piece)),
                    header: record.header)
                for event in record.events { try output.append(event) }
                try output.finish(isWhole: record.isComplete)
            } catch {
                throw .write(error)
            }
        }
        do throws(SystemError) {
            try FileSystem.write(Array(index.utf8), to: Path.join(folder, Self.indexName))
        } catch {
            throw .folder(error)
        }
    }

    static func name(of piece: Extraction.Piece) -> String {
        "\(piece.number)-\(piece.finding.code.rawValue).jsonl"
    }

    // MARK: - The index

    /// What lies in the folder, and how to repeat each finding.
    public var index: String {
        var lines = [
            "Extracts of \(path): \(extraction.pieces.count) findings, "
                + "\(extraction.operations) operations.",
            "",
            "Each file is the smallest part found that still shows its finding. Its events keep",
            "their numbers. What is left out may show more: an extract never passes. The commands",
            "are for this folder.",
        ]
        for piece in extraction.pieces { lines += [""] + Self.lines(of: piece, selection) }
        return lines.map { $0 + "\n" }.joined()
    }

    private static func lines(
        of piece: Extraction.Piece, _ selection: PromiseSelection
    ) -> [String] {
        let finding = piece.finding
        var lines = [
            "\(piece.number). \(finding.code.rawValue) (promise \(finding.code.promise.number), "
                + "\(finding.severity.words), decided by \(finding.stage.rawValue))",
            "   \(finding.code.promise.statement)",
        ]
        if piece.record != nil {
            let skipped = selection.leftOut.map(\.rawValue).joined(separator: ",")
            lines += [
                "   \(name(of: piece)): \(piece.operations) of \(piece.wholeOperations) operations",
                "   allocdb-jepsen analyze \(skipped.isEmpty ? "" : "--skip \(skipped) ")"
                    + name(of: piece),
            ]
        }
        switch (piece.record == nil, piece.isStopped) {
        case (false, true):
            lines.append("   The search stopped at its bound; there may be a smaller part.")
        case (true, true): lines.append("   No extract: the search stopped at its bound.")
        case (true, false): lines.append("   No extract: no smaller part shows it.")
        case (false, false): break
        }
        return lines
    }
}
