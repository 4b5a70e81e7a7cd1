// system_views.settings: the node's configuration, and what else Cassandra's has.
#include <charconv>

#include "cql/system_tables/row_builder.h"
#include "schema/time_units.h"

namespace keyzone::cql {
namespace {

// Every name that a Cassandra 5.0 shows, with the value it has by default; without one: null. Features that
// are not here are said to be off, and directories that only Cassandra has are null.
constexpr std::string_view kDefaults = R"settings(
allocate_tokens_for_keyspace allocate_tokens_for_local_replication_factor allow_extra_insecure_udfs=false
allow_filtering_enabled=true allow_insecure_udfs=false alter_table_enabled=true
audit_logging_options.allow_nodetool_archive_command=false audit_logging_options.archive_command=
audit_logging_options.audit_logs_dir=audit audit_logging_options.block=true
audit_logging_options.enabled=false audit_logging_options.excluded_categories=
audit_logging_options.excluded_keyspaces=system,system_schema,system_virtual_schema
audit_logging_options.excluded_users= audit_logging_options.included_categories=
audit_logging_options.included_keyspaces= audit_logging_options.included_users=
audit_logging_options.logger.class_name=BinAuditLogger audit_logging_options.logger.parameters={}
audit_logging_options.max_archive_retries=10 audit_logging_options.max_log_size=17179869184
audit_logging_options.max_queue_weight=268435456 audit_logging_options.roll_cycle=HOURLY
audit_logging_options_audit_logs_dir=audit audit_logging_options_enabled=false
audit_logging_options_excluded_categories=
audit_logging_options_excluded_keyspaces=system,system_schema,system_virtual_schema
audit_logging_options_excluded_users= audit_logging_options_included_categories=
audit_logging_options_included_keyspaces= audit_logging_options_included_users=
audit_logging_options_logger=BinAuditLogger auth_cache_warming_enabled=false
auth_read_consistency_level=LOCAL_QUORUM auth_write_consistency_level=EACH_QUORUM authenticator
authenticator.class_name authenticator.parameters authorizer authorizer.class_name authorizer.parameters
auto_bootstrap=true auto_hints_cleanup_enabled=false auto_optimise_full_repair_streams=false
auto_optimise_inc_repair_streams=false auto_optimise_preview_repair_streams=false
auto_repair.auto_repair_scheduling_enabled=false auto_repair.enabled=false
auto_repair.global_settings.allow_parallel_replica_repair=false
auto_repair.global_settings.allow_parallel_replica_repair_across_schedules=true
auto_repair.global_settings.enabled=false auto_repair.global_settings.force_repair_new_node=false
auto_repair.global_settings.ignore_dcs=[] auto_repair.global_settings.initial_scheduler_delay=5m
auto_repair.global_settings.materialized_view_repair_enabled=false
auto_repair.global_settings.min_repair_interval=24h auto_repair.global_settings.number_of_repair_threads=1
auto_repair.global_settings.parallel_repair_count=3 auto_repair.global_settings.parallel_repair_percentage=3
auto_repair.global_settings.repair_by_keyspace=true auto_repair.global_settings.repair_max_retries=3
auto_repair.global_settings.repair_primary_token_range_only=true
auto_repair.global_settings.repair_retry_backoff=30s auto_repair.global_settings.repair_session_timeout=3h
auto_repair.global_settings.sstable_upper_threshold=50000
auto_repair.global_settings.table_max_repair_time=6h
auto_repair.global_settings.token_range_splitter.class_name=org.apache.cassandra.repair.autorepair.RepairTokenRangeSplitter
auto_repair.global_settings.token_range_splitter.parameters={}
auto_repair.history_clear_delete_hosts_buffer_interval=2h
auto_repair.mixed_major_version_repair_enabled=false auto_repair.repair_check_interval=5m
auto_repair.repair_task_min_duration=5s auto_repair.repair_type_overrides={} auto_snapshot=false
auto_snapshot_ttl autocompaction_on_startup_enabled=true automatic_sstable_upgrade=false
available_processors=-1 back_pressure_enabled=false back_pressure_strategy.class_name
back_pressure_strategy.parameters batch_size_fail_threshold=50KiB batch_size_fail_threshold_in_kb=50
batch_size_warn_threshold=5KiB batch_size_warn_threshold_in_kb=5 batchlog_endpoint_strategy=random_remote
batchlog_replay_throttle=1024KiB batchlog_replay_throttle_in_kb=1024 block_for_peers_in_remote_dcs=false
block_for_peers_timeout_in_secs=10 broadcast_address broadcast_rpc_address
buffer_pool_use_heap_if_exhausted=false cache_load_timeout=30s cache_load_timeout_seconds=30
cas_contention_timeout=1800ms cas_contention_timeout_in_ms=1800 cdc_block_writes=true cdc_enabled=false
cdc_free_space_check_interval=250ms cdc_free_space_check_interval_ms=250 cdc_on_repair_enabled=true
cdc_raw_directory cdc_total_space=0MiB cdc_total_space_in_mb=0
check_for_duplicate_rows_during_compaction=true check_for_duplicate_rows_during_reads=true
cidr_authorizer.class_name cidr_authorizer.parameters client_encryption_options.accepted_protocols
client_encryption_options.algorithm client_encryption_options.cipher_suites
client_encryption_options.enabled=false client_encryption_options.keystore=<REDACTED>
client_encryption_options.keystore_password=<REDACTED> client_encryption_options.optional=false
client_encryption_options.protocol client_encryption_options.require_client_auth=false
client_encryption_options.require_endpoint_verification=false
client_encryption_options.ssl_context_factory.class_name=org.apache.cassandra.security.DefaultSslContextFactory
client_encryption_options.ssl_context_factory.parameters={} client_encryption_options.store_type=JKS
client_encryption_options.truststore=<REDACTED> client_encryption_options.truststore_password=<REDACTED>
client_error_reporting_exclusions.subnets=[] client_request_size_metrics_enabled=true cluster_name
collection_size_fail_threshold collection_size_warn_threshold column_index_cache_size=2KiB
column_index_cache_size_in_kb=2 column_index_size column_index_size_in_kb column_value_size_fail_threshold
column_value_size_warn_threshold columns_per_table_fail_threshold=-1 columns_per_table_warn_threshold=-1
commit_failure_policy=stop commitlog_compression.class_name commitlog_compression.parameters
commitlog_directory commitlog_disk_access_mode=legacy commitlog_max_compression_buffers_in_pool=3
commitlog_segment_size=32MiB commitlog_segment_size_in_mb=32 commitlog_sync=periodic
commitlog_sync_group_window=0ms commitlog_sync_group_window_in_ms=0.0 commitlog_sync_period=10s
commitlog_sync_period_in_ms=10000 commitlog_total_space=8192MiB commitlog_total_space_in_mb=8192
compact_tables_enabled=true compaction_large_partition_warning_threshold
compaction_large_partition_warning_threshold_mb compaction_throughput=64MiB/s
compaction_throughput_mb_per_sec=64 compaction_tombstone_warning_threshold=-1
compressed_read_ahead_buffer_size=256KiB concurrent_compactors=2 concurrent_counter_writes=32
concurrent_index_builders=2 concurrent_materialized_view_builders=1 concurrent_materialized_view_writes=32
concurrent_merkle_tree_requests=0 concurrent_reads=32 concurrent_validations=2 concurrent_writes=32
consecutive_message_errors_threshold=1 coordinator_read_size_fail_threshold
coordinator_read_size_warn_threshold corrupted_tombstone_strategy=disabled
counter_cache_keys_to_save=2147483647 counter_cache_save_period=7200 counter_cache_size=50MiB
counter_cache_size_in_mb=50 counter_write_request_timeout=5000ms counter_write_request_timeout_in_ms=5000
cql_start_time=REQUEST credentials_cache_active_update=false credentials_cache_max_entries=1000
credentials_update_interval credentials_update_interval_in_ms=-1 credentials_validity=2s
credentials_validity_in_ms=2000 cross_node_timeout=true
crypto_provider.class_name=org.apache.cassandra.security.JREProvider crypto_provider.parameters={}
data_disk_usage_max_disk_size data_disk_usage_percentage_fail_threshold=-1
data_disk_usage_percentage_warn_threshold=-1 data_file_directories default_compaction.class_name
default_compaction.parameters default_keyspace_rf=3 default_secondary_index=legacy_local_table
default_secondary_index_enabled=false denylist_consistency_level=QUORUM denylist_initial_load_retry=5s
denylist_max_keys_per_table=1000 denylist_max_keys_total=10000 denylist_range_reads_enabled=true
denylist_reads_enabled=true denylist_refresh=600s denylist_writes_enabled=true
diagnostic_events_enabled=false disk_access_mode=standard disk_failure_policy=ignore
disk_optimization_estimate_percentile=0.95 disk_optimization_page_cross_chance=0.1
disk_optimization_strategy=ssd drop_compact_storage_enabled=false drop_keyspace_enabled=true
drop_truncate_table_enabled=true dump_heap_on_uncaught_exception=false dynamic_data_masking_enabled=false
dynamic_snitch=true dynamic_snitch_badness_threshold=1.0 dynamic_snitch_reset_interval=10m
dynamic_snitch_reset_interval_in_ms=600000 dynamic_snitch_update_interval=100ms
dynamic_snitch_update_interval_in_ms=100 enable_drop_compact_storage=false enable_materialized_views=false
enable_sasi_indexes=false enable_scripted_user_defined_functions=false enable_transient_replication=false
enable_user_defined_functions=false enable_user_defined_functions_threads=true
endpoint_snitch=GossipingPropertyFileSnitch enforce_native_deadline_for_hints=false
entire_sstable_inter_dc_stream_throughput_outbound=24MiB/s entire_sstable_stream_throughput_outbound=24MiB/s
failure_detector=FailureDetector fields_per_udt_fail_threshold=-1 fields_per_udt_warn_threshold=-1
file_cache_enabled=false file_cache_round_up=false file_cache_size=512MiB file_cache_size_in_mb=512
flush_compression=fast force_new_prepared_statement_behaviour=false
force_optimized_index_status_format=false full_query_logging_options.allow_nodetool_archive_command=false
full_query_logging_options.archive_command= full_query_logging_options.block=true
full_query_logging_options.log_dir= full_query_logging_options.max_archive_retries=10
full_query_logging_options.max_log_size=17179869184 full_query_logging_options.max_queue_weight=268435456
full_query_logging_options.roll_cycle=HOURLY gc_log_threshold=200ms gc_log_threshold_in_ms=200
gc_warn_threshold=1s gc_warn_threshold_in_ms=1000 group_by_enabled=true heap_dump_path=heapdump
hint_window_persistent_enabled=true hinted_handoff_disabled_datacenters=[] hinted_handoff_enabled=false
hinted_handoff_throttle=1024KiB hinted_handoff_throttle_in_kb=1024 hints_compression.class_name
hints_compression.parameters hints_directory hints_flush_period=10s hints_flush_period_in_ms=10000
ideal_consistency_level in_select_cartesian_product_fail_threshold=-1
in_select_cartesian_product_warn_threshold=-1 incremental_backups=false index_summary_capacity=102MiB
index_summary_capacity_in_mb=102 index_summary_resize_interval=60m
index_summary_resize_interval_in_minutes=60 initial_range_tombstone_list_allocation_size=1 initial_token
inter_dc_stream_throughput_outbound=24MiB/s inter_dc_stream_throughput_outbound_megabits_per_sec=201
inter_dc_tcp_nodelay=true internode_application_receive_queue_capacity=4MiB
internode_application_receive_queue_capacity_in_bytes=4194304
internode_application_receive_queue_reserve_endpoint_capacity=128MiB
internode_application_receive_queue_reserve_endpoint_capacity_in_bytes=134217728
internode_application_receive_queue_reserve_global_capacity=512MiB
internode_application_receive_queue_reserve_global_capacity_in_bytes=536870912
internode_application_send_queue_capacity=4MiB internode_application_send_queue_capacity_in_bytes=4194304
internode_application_send_queue_reserve_endpoint_capacity=128MiB
internode_application_send_queue_reserve_endpoint_capacity_in_bytes=134217728
internode_application_send_queue_reserve_global_capacity=512MiB
internode_application_send_queue_reserve_global_capacity_in_bytes=536870912 internode_authenticator
internode_authenticator.class_name internode_authenticator.parameters internode_compression=none
internode_error_reporting_exclusions.subnets=[] internode_max_message_size=134217728B
internode_max_message_size_in_bytes=134217728 internode_recv_buff_size_in_bytes=0
internode_send_buff_size_in_bytes=0 internode_socket_receive_buffer_size=0B
internode_socket_receive_buffer_size_in_bytes=0 internode_socket_send_buffer_size=0B
internode_socket_send_buffer_size_in_bytes=0 internode_streaming_tcp_user_timeout=300s
internode_streaming_tcp_user_timeout_in_ms=300000 internode_tcp_connect_timeout=2s
internode_tcp_connect_timeout_in_ms=2000 internode_tcp_user_timeout=30s
internode_tcp_user_timeout_in_ms=30000 internode_timeout=true intersect_filtering_query_enabled=true
intersect_filtering_query_warned=true invalid_legacy_protocol_magic_no_spam_enabled=false
items_per_collection_fail_threshold=-1 items_per_collection_warn_threshold=-1
key_cache_invalidate_after_sstable_deletion=false key_cache_keys_to_save=2147483647
key_cache_migrate_during_compaction=true key_cache_save_period=14400 key_cache_size=100MiB
key_cache_size_in_mb=100 keyspace_count_warn_threshold=4 keyspaces_fail_threshold=-1
keyspaces_warn_threshold=-1 listen_address listen_interface listen_interface_prefer_ipv6=false
listen_on_broadcast_address=false local_read_size_fail_threshold local_read_size_warn_threshold
local_system_data_file_directory log_out_of_token_range_requests=true materialized_views_enabled=false
materialized_views_on_repair_enabled=true materialized_views_per_table_fail_threshold=-1
materialized_views_per_table_warn_threshold=-1 max_concurrent_automatic_sstable_upgrades=1
max_hint_window=3h max_hint_window_in_ms=10800000 max_hints_delivery_threads=2 max_hints_file_size=128MiB
max_hints_file_size_in_mb=128 max_hints_size_per_host=0B max_mutation_size=16384KiB
max_mutation_size_in_kb=16384 max_space_usable_for_compactions_in_percentage=0.95 max_streaming_retries=3
max_top_size_partition_count=10 max_top_tombstone_partition_count=10 max_value_size=256MiB
max_value_size_in_mb=256 maximum_replication_factor_fail_threshold=-1
maximum_replication_factor_warn_threshold=-1 maximum_timestamp_fail_threshold
maximum_timestamp_warn_threshold memtable.configurations memtable_allocation_type=heap_buffers
memtable_cleanup_threshold=0.33333334 memtable_flush_writers=2 memtable_heap_space=512MiB
memtable_heap_space_in_mb=512 memtable_offheap_space=512MiB memtable_offheap_space_in_mb=512
min_free_space_per_drive=50MiB min_free_space_per_drive_in_mb=50 min_tracked_partition_size=1MiB
min_tracked_partition_tombstone_count=5000 minimum_replication_factor_fail_threshold=-1
minimum_replication_factor_warn_threshold=-1 minimum_timestamp_fail_threshold
minimum_timestamp_warn_threshold native_transport_allow_older_protocols=true
native_transport_flush_in_batches_legacy=false native_transport_idle_timeout=0ms
native_transport_idle_timeout_in_ms=0 native_transport_max_auth_threads=4
native_transport_max_backoff_on_queue_overload=200ms native_transport_max_concurrent_connections=-1
native_transport_max_concurrent_connections_per_ip=-1
native_transport_max_concurrent_requests_in_bytes=214748364
native_transport_max_concurrent_requests_in_bytes_per_ip=53687091 native_transport_max_frame_size=16MiB
native_transport_max_frame_size_in_mb=16 native_transport_max_message_size=16777216B
native_transport_max_request_data_in_flight=214748364B
native_transport_max_request_data_in_flight_per_ip=53687091B
native_transport_max_requests_per_second=1000000 native_transport_max_threads=128
native_transport_min_backoff_on_queue_overload=10ms native_transport_port native_transport_port_ssl
native_transport_queue_max_item_age_threshold=1.7976931348623157E308
native_transport_rate_limiting_enabled=false native_transport_receive_queue_capacity=1MiB
native_transport_receive_queue_capacity_in_bytes=1048576 native_transport_throw_on_overload=false
native_transport_timeout=12s network_authorizer network_authorizer.class_name network_authorizer.parameters
networking_cache_size=128MiB networking_cache_size_in_mb=128
non_partition_restricted_index_query_enabled=true num_tokens=16 otc_backlog_expiration_interval_ms=200
otc_coalescing_enough_coalesced_messages=8 otc_coalescing_strategy=DISABLED otc_coalescing_window_us=200
page_size_fail_threshold=-1 page_size_warn_threshold=-1 partition_denylist_enabled=false
partition_keys_in_select_fail_threshold=-1 partition_keys_in_select_warn_threshold=-1
partition_size_fail_threshold partition_size_warn_threshold partition_tombstones_fail_threshold=-1
partition_tombstones_warn_threshold=-1 partitioner=org.apache.cassandra.dht.Murmur3Partitioner
paxos_cache_size paxos_contention_max_wait paxos_contention_min_delta paxos_contention_min_wait
paxos_contention_wait_randomizer paxos_on_linearizability_violations=ignore paxos_purge_grace_period=60s
paxos_repair_enabled=true paxos_repair_parallelism=4 paxos_repair_race_wait=true paxos_state_purging=legacy
paxos_topology_repair_no_dc_checks=false paxos_topology_repair_strict_each_quorum=false paxos_variant=v1
periodic_commitlog_sync_lag_block periodic_commitlog_sync_lag_block_in_ms
permissions_cache_active_update=false permissions_cache_max_entries=1000 permissions_update_interval
permissions_update_interval_in_ms=-1 permissions_validity=2s permissions_validity_in_ms=2000
phi_convict_threshold=8.0 prepared_statements_cache_size=10MiB prepared_statements_cache_size_mb=10
range_request_timeout=10000ms range_request_timeout_in_ms=10000 range_tombstone_list_growth_factor=1.5
read_before_write_list_operations_enabled=true read_consistency_levels_disallowed=[]
read_consistency_levels_warned=[] read_request_timeout=5000ms read_request_timeout_in_ms=5000
read_thresholds_enabled=false reject_out_of_token_range_requests=false
reject_repair_compaction_threshold=2147483647 repair.retries.baseSleepTime=200ms
repair.retries.enabled=false repair.retries.maxAttempts.value=0 repair.retries.maxSleepTime=1s
repair.retries.merkle_tree_response.baseSleepTime repair.retries.merkle_tree_response.enabled
repair.retries.merkle_tree_response.maxAttempts.value repair.retries.merkle_tree_response.maxSleepTime
repair_command_pool_full_strategy=queue repair_command_pool_size=2 repair_disk_headroom_reject_ratio=0.0
repair_request_timeout=120000ms repair_request_timeout_in_ms=120000 repair_session_max_tree_depth=20
repair_session_space=128MiB repair_session_space_in_mb=128 repair_state_expires=3d repair_state_size=100000
repaired_data_tracking_for_partition_reads_enabled=false
repaired_data_tracking_for_range_reads_enabled=false
replica_filtering_protection.cached_rows_fail_threshold=32000
replica_filtering_protection.cached_rows_warn_threshold=2000
report_unconfirmed_repaired_data_mismatches=false request_timeout=10000ms request_timeout_in_ms=10000
role_manager role_manager.class_name role_manager.parameters roles_cache_active_update=false
roles_cache_max_entries=1000 roles_update_interval roles_update_interval_in_ms=-1 roles_validity=2s
roles_validity_in_ms=2000 row_cache_class_name=org.apache.cassandra.cache.OHCProvider
row_cache_keys_to_save=2147483647 row_cache_save_period=0 row_cache_size=0MiB row_cache_size_in_mb=0
row_index_read_size_fail_threshold row_index_read_size_warn_threshold rpc_address rpc_interface
rpc_interface_prefer_ipv6=false rpc_keepalive=true sai_frozen_term_size_fail_threshold=8KiB
sai_frozen_term_size_warn_threshold=1KiB sai_options.prioritize_over_legacy_index=false
sai_options.segment_write_buffer_size=1024MiB sai_sstable_indexes_per_query_fail_threshold=-1
sai_sstable_indexes_per_query_warn_threshold=32 sai_string_term_size_fail_threshold=8KiB
sai_string_term_size_warn_threshold=1KiB sai_vector_term_size_fail_threshold=32KiB
sai_vector_term_size_warn_threshold=16KiB sasi_indexes_enabled=false saved_caches_directory
scripted_user_defined_functions_enabled=false secondary_indexes_enabled=false
secondary_indexes_per_table_fail_threshold=-1 secondary_indexes_per_table_warn_threshold=-1
seed_provider.class_name=org.apache.cassandra.locator.SimpleSeedProvider seed_provider.parameters
server_encryption_options.accepted_protocols server_encryption_options.algorithm
server_encryption_options.cipher_suites server_encryption_options.enabled=false
server_encryption_options.internode_encryption=none server_encryption_options.keystore=<REDACTED>
server_encryption_options.keystore_password=<REDACTED>
server_encryption_options.legacy_ssl_storage_port_enabled=false server_encryption_options.optional=false
server_encryption_options.outbound_keystore server_encryption_options.outbound_keystore_password
server_encryption_options.protocol server_encryption_options.require_client_auth=false
server_encryption_options.require_endpoint_verification=false
server_encryption_options.ssl_context_factory.class_name=org.apache.cassandra.security.DefaultSslContextFactory
server_encryption_options.ssl_context_factory.parameters={} server_encryption_options.store_type=JKS
server_encryption_options.truststore=<REDACTED> server_encryption_options.truststore_password=<REDACTED>
server_encryption_options_algorithm server_encryption_options_cipher_suites
server_encryption_options_client_auth=false server_encryption_options_enabled=false
server_encryption_options_endpoint_verification=false server_encryption_options_internode_encryption=none
server_encryption_options_legacy_ssl_storage_port=false server_encryption_options_optional=false
server_encryption_options_protocol severity_during_decommission=0.0 simplestrategy_enabled=true
skip_paxos_repair_on_topology_change=false skip_paxos_repair_on_topology_change_keyspaces=[]
skip_stream_disk_space_check=false slow_query_log_timeout=500ms slow_query_log_timeout_in_ms=500
snapshot_before_compaction=false snapshot_links_per_second=0 snapshot_on_duplicate_row_detection=false
snapshot_on_repaired_data_mismatch=false ssl_storage_port=7001 sstable.format={} sstable.selected_format=big
sstable_preemptive_open_interval=50MiB sstable_preemptive_open_interval_in_mb=50
sstable_read_rate_persistence_enabled=false start_native_transport=true startup_checks={}
storage_compatibility_mode storage_port stream_entire_sstables=true stream_throughput_outbound=24MiB/s
stream_throughput_outbound_megabits_per_sec=201 stream_transfer_task_timeout=12h
streaming_connections_per_host=1 streaming_keep_alive_period=300s streaming_keep_alive_period_in_secs=300
streaming_slow_events_log_timeout=10s streaming_state_expires=3d streaming_state_size=40MiB
streaming_stats_enabled=true table_count_warn_threshold=47 table_properties_disallowed=[]
table_properties_ignored=[] table_properties_warned=[] tables_fail_threshold=-1 tables_warn_threshold=-1
tombstone_failure_threshold=100000 tombstone_warn_threshold=1000 top_partitions_enabled=true
trace_type_query_ttl=1d trace_type_repair_ttl=7d tracetype_query_ttl=86400 tracetype_repair_ttl=604800
transfer_hints_on_decommission=true transient_replication_enabled=false
transparent_data_encryption_options.chunk_length_kb=64
transparent_data_encryption_options.cipher=AES/CBC/PKCS5Padding
transparent_data_encryption_options.enabled=false transparent_data_encryption_options.iv_length=16
transparent_data_encryption_options.key_alias transparent_data_encryption_options.key_provider.class_name
transparent_data_encryption_options.key_provider.parameters
transparent_data_encryption_options_chunk_length_kb=64
transparent_data_encryption_options_cipher=AES/CBC/PKCS5Padding
transparent_data_encryption_options_enabled=false transparent_data_encryption_options_iv_length=16
traverse_auth_from_root=false trickle_fsync=false trickle_fsync_interval=10240KiB
trickle_fsync_interval_in_kb=10240 truncate_request_timeout=60000ms truncate_request_timeout_in_ms=60000
uncompressed_tables_enabled=true unlogged_batch_across_partitions_warn_threshold=10
use_creation_time_for_hint_ttl=true use_deterministic_table_id=false use_offheap_merkle_trees=true
use_statements_enabled=true user_defined_function_fail_timeout=1500 user_defined_function_warn_timeout=500
user_defined_functions_enabled=false user_defined_functions_fail_timeout=1500ms
user_defined_functions_threads_enabled=true user_defined_functions_warn_timeout=500ms
user_function_timeout_policy=die user_timestamps_enabled=true uuid_sstable_identifiers_enabled=false
validation_preview_purge_head_start=3600s validation_preview_purge_head_start_in_sec=3600
vector_dimensions_fail_threshold=-1 vector_dimensions_warn_threshold=-1 vector_type_enabled=true
windows_timer_interval=0 write_consistency_levels_disallowed=[] write_consistency_levels_warned=[]
write_request_timeout=2000ms write_request_timeout_in_ms=2000 zero_ttl_on_twcs_enabled=true
zero_ttl_on_twcs_warned=true
)settings";

// Names of old, and what Cassandra calls the settings since.
constexpr std::pair<std::string_view, std::string_view> kNewerNames[] = {
    {"audit_logging_options_audit_logs_dir", "audit_logging_options.audit_logs_dir"},
    {"audit_logging_options_enabled", "audit_logging_options.enabled"},
    {"audit_logging_options_excluded_categories", "audit_logging_options.excluded_categories"},
    {"audit_logging_options_excluded_keyspaces", "audit_logging_options.excluded_keyspaces"},
    {"audit_logging_options_excluded_users", "audit_logging_options.excluded_users"},
    {"audit_logging_options_included_categories", "audit_logging_options.included_categories"},
    {"audit_logging_options_included_keyspaces", "audit_logging_options.included_keyspaces"},
    {"audit_logging_options_included_users", "audit_logging_options.included_users"},
    {"audit_logging_options_logger", "audit_logging_options.logger.class_name"},
    {"authenticator", "authenticator.class_name"},
    {"authorizer", "authorizer.class_name"},
    {"internode_authenticator", "internode_authenticator.class_name"},
    {"network_authorizer", "network_authorizer.class_name"},
    {"role_manager", "role_manager.class_name"},
    {"server_encryption_options_algorithm", "server_encryption_options.algorithm"},
    {"server_encryption_options_cipher_suites", "server_encryption_options.cipher_suites"},
    {"server_encryption_options_client_auth", "server_encryption_options.require_client_auth"},
    {"server_encryption_options_enabled", "server_encryption_options.enabled"},
    {"server_encryption_options_endpoint_verification",
     "server_encryption_options.require_endpoint_verification"},
    {"server_encryption_options_internode_encryption", "server_encryption_options.internode_encryption"},
    {"server_encryption_options_legacy_ssl_storage_port",
     "server_encryption_options.legacy_ssl_storage_port_enabled"},
    {"server_encryption_options_optional", "server_encryption_options.optional"},
    {"server_encryption_options_protocol", "server_encryption_options.accepted_protocols"},
    {"transparent_data_encryption_options_chunk_length_kb",
     "transparent_data_encryption_options.chunk_length_kb"},
    {"transparent_data_encryption_options_cipher", "transparent_data_encryption_options.cipher"},
    {"transparent_data_encryption_options_enabled", "transparent_data_encryption_options.enabled"},
    {"transparent_data_encryption_options_iv_length", "transparent_data_encryption_options.iv_length"},
};

// Whose values follow from another key's here.
constexpr std::pair<std::string_view, std::string_view> kSameAs[] = {
    {"cas_contention_timeout", "write_request_timeout"},
    {"counter_write_request_timeout", "write_request_timeout"},
    {"range_request_timeout", "read_request_timeout"},
};

using Settings = std::map<std::string, std::string, std::less<>>;

constexpr std::string_view kNone = "null";  // that is how the configuration says that there is none

Settings parse_defaults() {
  Settings out;
  for (std::string_view rest = kDefaults; !rest.empty();) {
    const size_t start = rest.find_first_not_of(" \n");
    if (start == rest.npos) break;
    const size_t end = std::min(rest.find_first_of(" \n", start), rest.size());
    const std::string_view word = rest.substr(start, end - start);
    const size_t name_end = std::min(word.find('='), word.size());
    out[std::string(word.substr(0, name_end))] = name_end < word.size() ? word.substr(name_end + 1) : kNone;
    rest.remove_prefix(end);
  }
  return out;
}

// "16MiB" in KiB is "16384"; nullopt: it is no size or duration.
std::optional<std::string> in_unit(std::string_view value, std::string_view unit) {
  static constexpr std::pair<std::string_view, int64_t> kUnits[] = {
      {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"B", 1}, {"ms", 1}, {"mb", 1 << 20}, {"kb", 1 << 10}};
  int64_t number = 0;
  const auto [end, failed] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (failed != std::errc()) return std::nullopt;
  const std::string_view suffix = value.substr(static_cast<size_t>(end - value.data()));
  const auto bytes_of = [](std::string_view name) -> int64_t {
    for (const auto& [known, bytes] : kUnits) {
      if (known == name) return bytes;
    }
    return 0;
  };
  if (!bytes_of(suffix) || !bytes_of(unit)) return std::nullopt;
  return std::to_string(number * bytes_of(suffix) / bytes_of(unit));
}

// What is set here wins, under the names of old that have a unit in them, too.
void follow(Settings& all, const Settings& ours) {
  constexpr std::string_view kIn = "_in_";
  for (auto& [name, value] : all) {
    const size_t at = name.rfind(kIn);
    if (at == name.npos) continue;
    const auto same = ours.find(std::string_view(name).substr(0, at));
    if (same == ours.end()) continue;
    if (auto converted = in_unit(same->second, std::string_view(name).substr(at + kIn.size())))
      value = *converted;
  }
}

}  // namespace

std::string_view newer_setting_name(std::string_view name) {
  for (const auto& [old, newer] : kNewerNames) {
    if (old == name) return newer;
  }
  return {};
}

std::vector<SystemRow> settings_rows(const Table& table, const Catalog&, const NodeFacts& facts) {
  static const Settings kAll = parse_defaults();
  Settings ours(facts.settings.begin(), facts.settings.end());
  for (const auto& [name, other] : kSameAs) {
    if (const auto same = ours.find(other); same != ours.end()) ours.emplace(name, same->second);
  }
  Settings all = kAll;
  follow(all, ours);
  for (const auto& [name, value] : ours) all[name] = value.empty() ? kNone : value;
  RowBuilder rows(table);
  for (const auto& [name, value] : all) {
    rows.add().text("name", name);
    if (value != kNone) rows.text("value", value);
  }
  return rows.take();
}

}  // namespace keyzone::cql
