extension CampaignSummary {
    /// `junit.xml`, as build servers read it: a blocked run is a failure, one that nobody can
    /// judge is an error, one that was interrupted or not carried out is skipped.
    public var junit: String {
        let failures = rows.count { $0.outcome?.verdict == .blocked }
        let skipped = rows.count { $0.outcome == nil || $0.outcome?.verdict == .interrupted }
        let passed = rows.count { $0.outcome?.verdict == .passed }
        let seconds = rows.reduce(0.0) { $0 + ($1.outcome?.elapsedSeconds ?? 0) }
        let totals =
            "tests=\"\(rows.count)\" failures=\"\(failures)\" "
            + "errors=\"\(rows.count - failures - skipped - passed)\" skipped=\"\(skipped)\" "
            + "time=\"\(Self.seconds(seconds))\""
        var lines = [
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>",
            "<testsuites name=\"allocdb-jepsen\" \(totals)>",
            "  <testsuite name=\"\(Self.xml(plan.name))\" \(totals)>",
        ]
        for row in rows { lines += testCase(row) }
        lines += ["  </testsuite>", "</testsuites>", ""]
        return lines.joined(separator: "\n")
    }

    private func testCase(_ row: Row) -> [String] {
        let outcome = row.outcome
        var lines = [
            "    <testcase classname=\"allocdb-jepsen.\(Self.xml(plan.name))\" "
                + "name=\"\(row.request.number) \(Self.xml(row.request.runID)) "
                + "seed \(row.request.seed)\" "
                + "time=\"\(Self.seconds(outcome?.elapsedSeconds ?? 0))\">"
        ]
        switch outcome?.verdict {
        case .passed: break
        case .blocked:
            for finding in outcome?.findings ?? [] {
                lines.append(
                    "      <failure type=\"\(Self.xml(finding.code))\" "
                        + "message=\"\(Self.xml(finding.code))\">"
                        + "\(Self.xml(finding.explanation))</failure>")
            }
        case .unknown(let reason):
            lines.append("      <error type=\"unknown\" message=\"\(Self.xml(reason))\"/>")
        case .interrupted: lines.append("      <skipped message=\"interrupted\"/>")
        case nil: lines.append("      <skipped message=\"not carried out\"/>")
        }
        let words = RowWords(row: row)
        lines.append(
            "      <system-out>operations \(words.operations), ambiguous "
                + "\(Self.xml(words.ambiguous)), faults \(words.faults), available "
                + "\(words.availability), recovery \(words.recovery)"
                + (row.evidence.map { ", evidence \(Self.xml($0))" } ?? "") + "</system-out>")
        lines.append("    </testcase>")
        return lines
    }

    private static func seconds(_ value: Double) -> String {
        "\((value * 1000).rounded() / 1000)"
    }

    /// Text for XML 1.0, which has no way to write most control characters.
    static func xml(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "\n": result += "&#10;"
            case "\t": result += "&#9;"
            case _ where scalar.value < 0x20 || (0xFFFE...0xFFFF).contains(scalar.value):
                result += "?"
            case _: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
