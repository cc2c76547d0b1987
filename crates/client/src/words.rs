//! Words of the command line: how they are made from names, and which one was meant.

/// `create_authorisation_token` becomes `create-authorisation-token`.
pub fn action_word(name: &str) -> String {
    name.replace('_', "-")
}

/// The candidate that `given` was probably meant to be.
pub fn closest<'a>(given: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let given = given.to_lowercase();
    let limit = (given.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .map(|candidate| (distance(&given, candidate), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// How many letters must be added, dropped, changed or swapped with their neighbour to get from `a` to `b`.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows = vec![(0..=b.len()).collect::<Vec<usize>>()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let change = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = change.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use maas_wire::Resource;

    use super::{action_word, closest};

    #[test]
    fn words_are_those_of_maas() {
        for (name, word) in [
            ("AccountHandler", "account"),
            ("BcacheCacheSetHandler", "bcache-cache-set"),
            ("BcacheCacheSetsHandler", "bcache-cache-sets"),
            ("BcacheHandler", "bcache"),
            ("BcachesHandler", "bcaches"),
            ("BlockDeviceHandler", "block-device"),
            ("BlockDevicesHandler", "block-devices"),
            ("BootResourceFileUploadHandler", "boot-resource-file-upload"),
            ("BootResourceHandler", "boot-resource"),
            ("BootResourcesHandler", "boot-resources"),
            ("BootSourceHandler", "boot-source"),
            ("BootSourceSelectionHandler", "boot-source-selection"),
            ("BootSourceSelectionsHandler", "boot-source-selections"),
            ("BootSourcesHandler", "boot-sources"),
            ("CommissioningScriptHandler", "commissioning-script"),
            ("CommissioningScriptsHandler", "commissioning-scripts"),
            ("DHCPSnippetHandler", "dhcpsnippet"),
            ("DHCPSnippetsHandler", "dhcpsnippets"),
            ("DNSResourceHandler", "dnsresource"),
            ("DNSResourceRecordHandler", "dnsresource-record"),
            ("DNSResourceRecordsHandler", "dnsresource-records"),
            ("DNSResourcesHandler", "dnsresources"),
            ("DeviceHandler", "device"),
            ("DevicesHandler", "devices"),
            ("DiscoveriesHandler", "discoveries"),
            ("DiscoveryHandler", "discovery"),
            ("DomainHandler", "domain"),
            ("DomainsHandler", "domains"),
            ("EventsHandler", "events"),
            ("FabricHandler", "fabric"),
            ("FabricsHandler", "fabrics"),
            ("FileHandler", "file"),
            ("FilesHandler", "files"),
            ("IPAddressesHandler", "ipaddresses"),
            ("IPRangeHandler", "iprange"),
            ("IPRangesHandler", "ipranges"),
            ("InterfaceHandler", "interface"),
            ("InterfacesHandler", "interfaces"),
            ("LicenseKeyHandler", "license-key"),
            ("LicenseKeysHandler", "license-keys"),
            ("MaasHandler", "maas"),
            ("MachineHandler", "machine"),
            ("MachinesHandler", "machines"),
            ("NetworkHandler", "network"),
            ("NetworksHandler", "networks"),
            ("NodeDeviceHandler", "node-device"),
            ("NodeDevicesHandler", "node-devices"),
            ("NodeHandler", "node"),
            ("NodeResultsHandler", "node-results"),
            ("NodeScriptHandler", "node-script"),
            ("NodeScriptResultHandler", "node-script-result"),
            ("NodeScriptResultsHandler", "node-script-results"),
            ("NodeScriptsHandler", "node-scripts"),
            ("NodesHandler", "nodes"),
            ("NotificationHandler", "notification"),
            ("NotificationsHandler", "notifications"),
            ("OidcProviderHandler", "oidc-provider"),
            ("OidcProvidersHandler", "oidc-providers"),
            ("PackageRepositoriesHandler", "package-repositories"),
            ("PackageRepositoryHandler", "package-repository"),
            ("PartitionHandler", "partition"),
            ("PartitionsHandler", "partitions"),
            ("RackControllerHandler", "rack-controller"),
            ("RackControllersHandler", "rack-controllers"),
            ("RaidHandler", "raid"),
            ("RaidsHandler", "raids"),
            ("RegionControllerHandler", "region-controller"),
            ("RegionControllersHandler", "region-controllers"),
            ("ReservedIpHandler", "reserved-ip"),
            ("ReservedIpsHandler", "reserved-ips"),
            ("ResourcePoolHandler", "resource-pool"),
            ("ResourcePoolsHandler", "resource-pools"),
            ("SSHKeyHandler", "sshkey"),
            ("SSHKeysHandler", "sshkeys"),
            ("SSLKeyHandler", "sslkey"),
            ("SSLKeysHandler", "sslkeys"),
            ("SpaceHandler", "space"),
            ("SpacesHandler", "spaces"),
            ("StaticRouteHandler", "static-route"),
            ("StaticRoutesHandler", "static-routes"),
            ("SubnetHandler", "subnet"),
            ("SubnetsHandler", "subnets"),
            ("TagHandler", "tag"),
            ("TagsHandler", "tags"),
            ("UserGroupHandler", "user-group"),
            ("UserGroupsHandler", "user-groups"),
            ("UserHandler", "user"),
            ("UsersHandler", "users"),
            ("VersionHandler", "version"),
            ("VlanHandler", "vlan"),
            ("VlansHandler", "vlans"),
            ("VmfsDatastoreHandler", "vmfs-datastore"),
            ("VmfsDatastoresHandler", "vmfs-datastores"),
            ("VolumeGroupHandler", "volume-group"),
            ("VolumeGroupsHandler", "volume-groups"),
            ("ZoneHandler", "zone"),
            ("ZonesHandler", "zones"),
        ] {
            let resource = Resource { name: name.into(), anon: None, auth: None };
            assert_eq!(resource.command_word(), word);
        }
        assert_eq!(action_word("create_authorisation_token"), "create-authorisation-token");
    }

    #[test]
    fn a_slip_of_the_finger_is_understood() {
        let words = ["users", "user", "sshkeys", "sslkeys", "machines", "machine"];
        assert_eq!(closest("machnies", words), Some("machines"));
        assert_eq!(closest("usres", words), Some("users"));
        assert_eq!(closest("sshkey", words), Some("sshkeys"));
        assert_eq!(closest("Machine", words), Some("machine"));
        assert_eq!(closest("frobnicate", words), None);
    }
}
