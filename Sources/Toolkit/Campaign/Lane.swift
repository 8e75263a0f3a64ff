import ClusterProtocol
import History
import LeaseEngine
import LeaseKernel
import SystemCalls
import Testbed
import Workload

/// Facts about the cluster of a run, in the types of the record.
struct Lane {
    let testbed: any Testbed
    let endpoints: Endpoints
    let controlPorts: [Checkpointer.Port]
    let limits: ClusterLimits

    /// Nil when an address in the layout is none.
    init?(_ testbed: any Testbed) {
        self.testbed = testbed
        let layout = testbed.layout
        var endpoints: [Endpoints.Endpoint] = []
        for replica in layout.replicas {
            guard
                let endpoint = Endpoints.Endpoint(
                    replica: History.ReplicaID(replica.id.rawValue),
                    addressText: "\(replica.addresses.client)", in: testbed.clientPlace)
            else { return nil }
            endpoints.append(endpoint)
        }
        self.endpoints = Endpoints(endpoints)
        controlPorts = layout.replicas.compactMap { replica in
            SocketAddress("\(replica.addresses.control)").map {
                Checkpointer.Port(
                    replica: History.ReplicaID(replica.id.rawValue), address: $0,
                    in: testbed.controlPlace(of: replica.id))
            }
        }
        let kernel = layout.kernel
        limits = ClusterLimits(
            shardID: kernel.shardID, maxResources: kernel.maxResources,
            maxReservations: kernel.maxReservations, maxBundleSize: kernel.maxBundleSize,
            maxOperations: kernel.maxOperations, maxTTL: SlotCount(kernel.maxTTLSlots),
            clientRetryWindow: SlotCount(kernel.maxClientRetryWindowSlots),
            reservationHistoryWindow: SlotCount(kernel.reservationHistoryWindowSlots),
            maxExpirationBucketLength: kernel.maxExpirationBucketLength,
            maxExpirationsPerTick: layout.engine.maxExpirationsPerTick)
    }
}
