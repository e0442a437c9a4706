/* System calls that a lab machine's kernel never needs; numbers stand where headers of Linux 6.1 have no name. */
#define DENIED                                                                                                       \
	/* the network, and sockets of this computer's services */                                                   \
	SYS_socket, SYS_connect, SYS_bind, SYS_listen, SYS_accept, SYS_accept4,                                      \
	/* other processes */                                                                                        \
	SYS_ptrace, SYS_process_vm_readv, SYS_process_vm_writev, SYS_kcmp, SYS_pidfd_open, SYS_pidfd_getfd,          \
	SYS_pidfd_send_signal, SYS_rt_sigqueueinfo, SYS_rt_tgsigqueueinfo, SYS_setpriority, SYS_ioprio_set,          \
	SYS_sched_setscheduler, SYS_sched_setparam, SYS_sched_setattr, SYS_process_madvise, SYS_migrate_pages,       \
	SYS_move_pages,                                                                                              \
	/* memory and messages that processes share by name */                                                       \
	SYS_shmget, SYS_shmat, SYS_shmctl, SYS_semget, SYS_semop, SYS_semctl, SYS_semtimedop, SYS_msgget,            \
	SYS_msgsnd, SYS_msgrcv, SYS_msgctl, SYS_mq_open, SYS_mq_unlink, SYS_keyctl, SYS_add_key, SYS_request_key,    \
	/* mounts and namespaces */                                                                                  \
	SYS_mount, SYS_umount2, SYS_pivot_root, SYS_chroot, SYS_move_mount, SYS_open_tree, SYS_fsopen, SYS_fsconfig, \
	SYS_fsmount, SYS_fspick, 442 /* mount_setattr */, 467 /* open_tree_attr */, SYS_setns, SYS_unshare,          \
	/* attributes of files that Landlock does not look at, and ways around paths */                              \
	SYS_setxattr, SYS_lsetxattr, SYS_fsetxattr, SYS_removexattr, SYS_lremovexattr, SYS_fremovexattr,             \
	463 /* setxattrat */, 466 /* removexattrat */, SYS_open_by_handle_at, SYS_name_to_handle_at,                 \
	SYS_inotify_init, SYS_inotify_init1, SYS_fanotify_init,                                                      \
	/* the kernel of this computer */                                                                            \
	SYS_bpf, SYS_perf_event_open, SYS_userfaultfd, SYS_io_uring_setup, SYS_io_uring_enter,                       \
	SYS_io_uring_register, SYS_init_module, SYS_finit_module, SYS_delete_module, SYS_kexec_load,                 \
	SYS_kexec_file_load, SYS_reboot, SYS_swapon, SYS_swapoff, SYS_iopl, SYS_ioperm, SYS_acct, SYS_quotactl,      \
	SYS_syslog, SYS_vhangup, SYS_settimeofday, SYS_clock_settime, SYS_adjtimex, SYS_clock_adjtime,               \
	SYS_sethostname, SYS_setdomainname
