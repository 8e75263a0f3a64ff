import CommandDescriptions
import Matrix
import SystemCalls

enum PlanCommand {
    static let format = DefaultedOption(
        "format", ValueType<PlanFormat>.choice("FORMAT"), default: .text, shown: "text",
        "How the plan is printed")
    static let lanes = Option(
        "lanes", ValueType<Int>.wholeNumber("N", in: 1...64, of: "lanes"),
        "Assigns the runs to N lanes (clusters side by side) and estimates the time")
    static let faultWindow = Option(
        "fault-window", RunCommand.seconds,
        "Estimates with this window for every run instead of each run's own")

    static let command = ToolCommand(
        description: CommandDescription(
            name: "plan", summary: "Lists the runs of the matrix",
            discussion: [
                "Fifteen runs gate a release; two are supplementary. Control runs disturb nothing "
                    + "and come first when lanes are planned."
            ],
            arguments: [format, lanes, faultWindow],
            examples: [
                CommandExample("allocdb-jepsen plan", purpose: "One line per run"),
                CommandExample(
                    "allocdb-jepsen plan --format table --lanes 4",
                    purpose: "How long the gate takes on four clusters"),
            ],
            exitStatuses: ExitCode.described([.passed, .usage]))
    ) { arguments, _ in
        let estimate = RunEstimate(faultWindow: arguments[faultWindow].map(Duration.seconds))
        let plan = Plan(laneCount: arguments[lanes], estimate: estimate)
        StandardStreams.writeOutput(plan.rendered(as: arguments[format]))
        return ExitCode.passed.rawValue
    }
}
