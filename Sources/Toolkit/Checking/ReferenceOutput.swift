public import History

/// What the reference's `analyze` leaves behind: two streams and an exit status.
public struct ReferenceOutput: Hashable, Sendable {
    public let standardOutput: String
    public let standardError: String
    public let exitStatus: Int32

    /// The history was read and judged.
    public init(_ report: ReferenceReport) {
        standardOutput = report.text
        standardError = report.errorText
        exitStatus = report.exitStatus
    }

    /// The history could not be read: nothing is judged.
    public init(_ error: TextHistoryError) {
        self.init(unreadable: error.description)
    }

    private init(unreadable reason: String) {
        standardOutput = ""
        standardError = "failed to load history: \(reason)\n"
        exitStatus = 1
    }

    /// Reads and judges a text that is in memory.
    public init(of text: [UInt8]) {
        var reader = TextHistoryReader()
        var analysis = ReferenceAnalysis()
        reader.feed(text.span) { analysis.add($0) }
        do {
            try reader.finish { analysis.add($0) }
        } catch {
            self.init(error)
            return
        }
        self.init(analysis.report())
    }
}

extension ReferenceOutput {
    /// Reads and judges a history on disk. A native record is judged by its text export.
    public init(ofFile path: String) {
        do {
            if try HistoryFile.format(of: path) == .native {
                let record = try RunRecord(contentsOf: path)
                if let obstacle = record.header.origin.shortcoming {
                    self.init(unreadable: obstacle)
                    return
                }
                let export = TextExport(record)
                self.init(ReferenceAnalysis.report(on: export.events))
                return
            }
        } catch HistoryFileError.cannotRead {
            // The text reader meets the same obstacle, and has the reference's words for it.
        } catch {
            self.init(unreadable: "\(error)")
            return
        }
        do throws(TextHistoryError) {
            self.init(try ReferenceAnalysis.report(onFile: path))
        } catch {
            self.init(error)
        }
    }
}
