import SystemCalls
import Testbed

/// Signs of life to machines, from a thread of its own.
final class Heartbeat: Sendable {
    private static let interval = Duration.seconds(3)

    private let ending: WakeUp
    private let thread: WorkerThread

    init(_ machines: [HostMachine], token: String) throws(TestbedError) {
        do throws(SystemError) {
            let ending = try WakeUp()
            self.ending = ending
            thread = try WorkerThread(name: "heartbeat") {
                var number = 0
                while true {
                    number += 1
                    // A machine that does not hear of us undoes everything, and says so later.
                    for machine in machines { _ = try? machine.beat(token, number) }
                    let isOver = try? ending.descriptor.waitUntilReadable(.after(Self.interval))
                    if isOver != false { return }
                }
            }
        } catch {
            throw .system(during: "starting the thread for signs of life", error)
        }
    }

    func end() {
        ending.signal()
        thread.join()
    }
}
