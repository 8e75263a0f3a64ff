/// Results as build servers read them: a failure is a broken promise, an error something that
/// nobody can judge, skipped what was not carried out to its end.
public struct JUnitReport: Sendable {
    public struct Case: Sendable {
        public enum Result: Hashable, Sendable {
            case passed
            /// What is wrong: a type for machines and a text for people, each.
            case failed([Problem])
            case error(reason: String)
            case skipped(reason: String)
        }

        public var name: String
        public var seconds: Double
        public var result: Result
        /// What else there is to say, in one line.
        public var output: String?

        public init(name: String, seconds: Double = 0, result: Result, output: String? = nil) {
            self.name = name
            self.seconds = seconds
            self.result = result
            self.output = output
        }
    }

    public struct Problem: Hashable, Sendable {
        public var type: String
        public var text: String

        public init(type: String, text: String) {
            self.type = type
            self.text = text
        }
    }

    /// Of the one suite in the report.
    public var suite: String
    public var cases: [Case]

    public init(suite: String, cases: [Case]) {
        self.suite = suite
        self.cases = cases
    }

    /// The whole file.
    public var xml: String {
        var failures = 0
        var errors = 0
        var skipped = 0
        for test in cases {
            switch test.result {
            case .passed: break
            case .failed: failures += 1
            case .error: errors += 1
            case .skipped: skipped += 1
            }
        }
        let seconds = cases.reduce(0.0) { $0 + $1.seconds }
        let totals =
            "tests=\"\(cases.count)\" failures=\"\(failures)\" errors=\"\(errors)\" "
            + "skipped=\"\(skipped)\" time=\"\(Self.rounded(seconds))\""
        var lines = [
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>",
            "<testsuites name=\"allocdb-jepsen\" \(totals)>",
            "  <testsuite name=\"\(Self.escaped(suite))\" \(totals)>",
        ]
        for test in cases { lines += self.lines(of: test) }
        lines += ["  </testsuite>", "</testsuites>", ""]
        return lines.joined(separator: "\n")
    }

    private func lines(of test: Case) -> [String] {
        var lines = [
            "    <testcase classname=\"allocdb-jepsen.\(Self.escaped(suite))\" "
                + "name=\"\(Self.escaped(test.name))\" time=\"\(Self.rounded(test.seconds))\">"
        ]
        switch test.result {
        case .passed: break
        case .failed(let problems):
            for problem in problems {
                let type = Self.escaped(problem.type)
                lines.append(
                    "      <failure type=\"\(type)\" message=\"\(type)\">"
                        + "\(Self.escaped(problem.text))</failure>")
            }
        case .error(let reason):
            lines.append("      <error type=\"unknown\" message=\"\(Self.escaped(reason))\"/>")
        case .skipped(let reason):
            lines.append("      <skipped message=\"\(Self.escaped(reason))\"/>")
        }
        if let output = test.output {
            lines.append("      <system-out>\(Self.escaped(output))</system-out>")
        }
        lines.append("    </testcase>")
        return lines
    }

    private static func rounded(_ value: Double) -> String {
        "\((value * 1000).rounded() / 1000)"
    }

    /// Text for XML 1.0, which has no way to write most control characters.
    static func escaped(_ text: String) -> String {
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
