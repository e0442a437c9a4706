/*
 * Starts a lab machine's kernel in a jail: what that process and all that it starts can do to this computer.
 *
 *     starter [-n FILES] [-s BYTES] [-k DESCRIPTOR] [-j [-m] [-r PATH] [-w PATH] [-x PATH] [-d PATH]...] -- PROGRAM ARGUMENT...
 *
 *     -n  descriptors that may be open     -s  largest file     -k  descriptor to keep besides 0, 1 and 2
 *     -j  the jail; without it there are only limits
 *     -r  read this file or folder         -w  read and write   -x  execute this file
 *     -d  use this device
 *     -m  also a mount namespace in which only what may be written is writable; it needs root, and is left out without
 *
 * It takes the place of a shell, so that a boot costs no more than without a jail. Each step holds without the others:
 *
 *     mounts        what may not be written is read-only, modes, owners and times included (root only)
 *     Landlock      paths, from Linux 5.13 on; signals and abstract sockets outside, from 6.12 on
 *     capabilities  of root's, those are left that reading and writing his files takes
 *     seccomp       no sockets, no mounts, no tracing, no namespaces, no set-user-id programs, no device nodes
 *
 * On failure it says why on standard error, after "raslab jail:", and ends with status 125.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "denied.h"

static void __attribute__((noreturn)) fail(const char *what, const char *which)
{
	fprintf(stderr, "raslab jail: cannot %s %s: %s\n", what, which, strerror(errno));
	exit(125);
}

/* ---- limits ---- */

static void limit(int resource, const char *text)
{
	struct rlimit limit;
	rlim_t most = strtoull(text, NULL, 10);

	if (getrlimit(resource, &limit) < 0)
		fail("read the limit", text);
	if (most > limit.rlim_max)
		most = limit.rlim_max;
	limit.rlim_cur = limit.rlim_max = most;
	if (setrlimit(resource, &limit) < 0)
		fail("set the limit", text);
}

static void close_others(int kept)
{
	if (kept > 3)
		syscall(SYS_close_range, 3, kept - 1, 0);
	syscall(SYS_close_range, kept > 2 ? kept + 1 : 3, ~0U, 0);
}

/* ---- a view in which little is writable ---- */

struct mount_change { /* struct mount_attr of mount_setattr(2), which older libraries lack */
	uint64_t set, clear, propagation, user_namespace;
};

#define READ_ONLY 0x01
#define NO_SETUID 0x02
#define NO_DEVICES 0x04
#define RECURSIVE 0x8000 /* AT_RECURSIVE */
#ifndef SYS_mount_setattr
#define SYS_mount_setattr 442
#endif

static int change_mount(const char *path, uint64_t set, uint64_t clear)
{
	struct mount_change change = { .set = set, .clear = clear };

	return syscall(SYS_mount_setattr, AT_FDCWD, path, RECURSIVE, &change, sizeof(change));
}

static void make_read_only(char **options)
{
	char here[4096];

	if (!getcwd(here, sizeof(here)) || unshare(CLONE_NEWNS) < 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return; /* a container's root may not */
	for (char **option = options; *option; option += 2)
		if (option[0][1] == 'w' && mount(option[1], option[1], NULL, MS_BIND | MS_REC, NULL) < 0 && errno != ENOENT)
			fail("mount", option[1]);
	if (change_mount("/", READ_ONLY, 0) < 0)
		return; /* before Linux 5.12 */
	for (char **option = options; *option; option += 2)
		if (option[0][1] == 'w' && change_mount(option[1], NO_SETUID | NO_DEVICES, READ_ONLY) < 0 && errno != ENOENT)
			fail("make writable", option[1]);
	if (chdir(here) < 0)
		fail("enter", here);
}

/* ---- Landlock: see landlock(7); the headers of older distributions know less ---- */

#define EXECUTE (1ULL << 0)
#define WRITE_FILE (1ULL << 1)
#define READ_FILE (1ULL << 2)
#define READ_DIR (1ULL << 3)
#define MAKE_CHAR (1ULL << 6)
#define MAKE_BLOCK (1ULL << 11)
#define TRUNCATE (1ULL << 14)
#define IOCTL_DEV (1ULL << 15)
#define OF_FILES (EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV)
#define SYS_create_ruleset 444
#define SYS_add_rule 445
#define SYS_restrict_self 446

struct ruleset {
	uint64_t files, network, scopes;
};

struct __attribute__((packed)) rule {
	uint64_t rights;
	int32_t parent;
};

static uint64_t all_rights(long version)
{
	static const int counts[] = { 0, 13, 14, 15, 15, 16 };

	return (1ULL << counts[version > 5 ? 5 : version]) - 1;
}

static void allow(int ruleset, const char *path, uint64_t rights)
{
	struct stat facts;
	struct rule rule = { .parent = open(path, O_PATH | O_CLOEXEC) };

	if (rule.parent < 0) {
		if (errno == ENOENT || errno == EACCES || errno == ENOTDIR)
			return; /* who cannot even look it up needs no right to it */
		fail("open", path);
	}
	if (fstat(rule.parent, &facts) < 0)
		fail("look at", path);
	rule.rights = S_ISDIR(facts.st_mode) ? rights : rights & OF_FILES;
	if (rule.rights && syscall(SYS_add_rule, ruleset, 1, &rule, 0) < 0)
		fail("allow", path);
	close(rule.parent);
}

static void landlock(char **options)
{
	long version = syscall(SYS_create_ruleset, NULL, 0, 1);

	if (version < 1)
		return;
	uint64_t all = all_rights(version);
	struct ruleset wanted = { all, version >= 4 ? 3 : 0, version >= 6 ? 3 : 0 };
	size_t size = version >= 6 ? 24 : version >= 4 ? 16 : 8;
	int ruleset = syscall(SYS_create_ruleset, &wanted, size, 0);

	if (ruleset < 0)
		fail("make", "a Landlock ruleset");
	for (char **option = options; *option; option += 2)
		switch (option[0][1]) {
		case 'r': allow(ruleset, option[1], READ_FILE | READ_DIR); break;
		case 'x': allow(ruleset, option[1], READ_FILE | EXECUTE); break;
		case 'd': allow(ruleset, option[1], READ_FILE | WRITE_FILE); break;
		case 'w': allow(ruleset, option[1], all & ~(EXECUTE | MAKE_CHAR | MAKE_BLOCK | IOCTL_DEV)); break;
		}
	if (syscall(SYS_restrict_self, ruleset, 0) < 0)
		fail("enter", "the Landlock ruleset");
	close(ruleset);
}

/* ---- what root can do more than others ---- */

static void drop_capabilities(void)
{
	for (int capability = 0; prctl(PR_CAPBSET_READ, capability) >= 0; capability++)
		if (capability != CAP_CHOWN && capability != CAP_DAC_OVERRIDE && capability != CAP_DAC_READ_SEARCH &&
		    capability != CAP_FOWNER)
			prctl(PR_CAPBSET_DROP, capability); /* without the right to, there is nothing to drop */
}

/* ---- system calls ---- */

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define SKIP(test, value, yes, no) BPF_JUMP(BPF_JMP | test | BPF_K, value, yes, no)
#define ANSWER(value) BPF_STMT(BPF_RET | BPF_K, value)
#define REFUSE ANSWER(SECCOMP_RET_ERRNO | EPERM)
#define ALLOW ANSWER(SECCOMP_RET_ALLOW)

/* An argument of a call with some of these bits, or of this value, is refused. */
#define WITHOUT_BITS(call, argument, bits) \
	SKIP(BPF_JEQ, call, 0, 4), LOAD(args[argument]), SKIP(BPF_JSET, bits, 0, 1), REFUSE, ALLOW
#define WITHOUT_DEVICES(call, argument)                                                                              \
	SKIP(BPF_JEQ, call, 0, 7), LOAD(args[argument]), SKIP(BPF_JSET, SET_ID, 4, 0),                               \
		BPF_STMT(BPF_ALU | BPF_AND | BPF_K, S_IFMT), SKIP(BPF_JEQ, S_IFCHR, 2, 0),                           \
		SKIP(BPF_JEQ, S_IFBLK, 1, 0), ALLOW, REFUSE
#define CREATES_WITHOUT_BITS(call, flags, argument)                                                                  \
	SKIP(BPF_JEQ, call, 0, 6), LOAD(args[flags]), SKIP(BPF_JSET, O_CREAT | (O_TMPFILE & ~O_DIRECTORY), 0, 3),    \
		LOAD(args[argument]), SKIP(BPF_JSET, SET_ID, 0, 1), REFUSE, ALLOW
#define ONLY_FOR_ITSELF(call) \
	SKIP(BPF_JEQ, call, 0, 4), LOAD(args[0]), SKIP(BPF_JEQ, 0, 1, 0), REFUSE, ALLOW

#define SET_ID (S_ISUID | S_ISGID)
#define NEW_NAMESPACES 0x7e020000
#define X32 0x40000000

static void filter_calls(void)
{
	static const struct sock_filter before[] = {
		LOAD(arch), SKIP(BPF_JEQ, AUDIT_ARCH_X86_64, 1, 0), ANSWER(SECCOMP_RET_KILL_PROCESS),
		LOAD(nr), SKIP(BPF_JGE, X32, 0, 1), REFUSE,
		CREATES_WITHOUT_BITS(SYS_open, 1, 2), CREATES_WITHOUT_BITS(SYS_openat, 2, 3),
		WITHOUT_BITS(SYS_creat, 1, SET_ID), WITHOUT_BITS(SYS_chmod, 1, SET_ID),
		WITHOUT_BITS(SYS_fchmod, 1, SET_ID), WITHOUT_BITS(SYS_fchmodat, 2, SET_ID),
		WITHOUT_BITS(452 /* fchmodat2 */, 2, SET_ID),
		WITHOUT_DEVICES(SYS_mknod, 1), WITHOUT_DEVICES(SYS_mknodat, 2),
		WITHOUT_BITS(SYS_clone, 0, NEW_NAMESPACES), ONLY_FOR_ITSELF(SYS_prlimit64),
		/* A pair of datagram sockets could send to others. */
		SKIP(BPF_JEQ, SYS_socketpair, 0, 5), LOAD(args[1]), BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xf),
		SKIP(BPF_JEQ, 1 /* SOCK_STREAM */, 0, 1), ALLOW, REFUSE,
		SKIP(BPF_JEQ, SYS_ioctl, 0, 6), LOAD(args[1]), SKIP(BPF_JEQ, 0x5412 /* TIOCSTI */, 3, 0),
		SKIP(BPF_JEQ, 0x541c /* TIOCLINUX */, 2, 0), SKIP(BPF_JEQ, 0x5423 /* TIOCSETD */, 1, 0), ALLOW, REFUSE,
		/* The C library falls back on clone, of which the arguments can be looked at. */
		SKIP(BPF_JEQ, 435 /* clone3 */, 0, 1), ANSWER(SECCOMP_RET_ERRNO | ENOSYS),
		SKIP(BPF_JEQ, 437 /* openat2 */, 0, 1), ANSWER(SECCOMP_RET_ERRNO | ENOSYS),
	};
	static const int denied[] = { DENIED };
	enum { FIXED = sizeof(before) / sizeof(*before), LISTED = sizeof(denied) / sizeof(*denied) };
	struct sock_filter filter[FIXED + 2 * LISTED + 1], *at = filter + FIXED;
	struct sock_fprog program = { .filter = filter, .len = FIXED + 2 * LISTED + 1 };

	memcpy(filter, before, sizeof(before));
	for (int i = 0; i < LISTED; i++) {
		*at++ = (struct sock_filter)SKIP(BPF_JEQ, denied[i], 0, 1);
		*at++ = (struct sock_filter)REFUSE;
	}
	*at = (struct sock_filter)ALLOW;
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0)
		fail("install", "the filter of system calls");
}

int main(int argc, char **argv)
{
	char **options = calloc(argc + 1, sizeof(char *)), **end = options;
	int kept = 2, jail = 0, mounts = 0, option;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while ((option = getopt(argc, argv, "+n:s:k:jmr:w:x:d:")) != -1)
		switch (option) {
		case 'n': limit(RLIMIT_NOFILE, optarg); break;
		case 's': limit(RLIMIT_FSIZE, optarg); break;
		case 'k': kept = atoi(optarg); break;
		case 'j': jail = 1; break;
		case 'm': mounts = 1; break;
		case 'r': *end++ = "-r"; *end++ = optarg; break;
		case 'w': *end++ = "-w"; *end++ = optarg; break;
		case 'x': *end++ = "-x"; *end++ = optarg; break;
		case 'd': *end++ = "-d"; *end++ = optarg; break;
		default: return 125;
		}
	limit(RLIMIT_CORE, "0");
	signal(SIGXFSZ, SIG_IGN); /* a write beyond the limit fails, and ends nothing */
	close_others(kept);
	if (jail) {
		if (mounts)
			make_read_only(options);
		drop_capabilities();
		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
			fail("give up", "privileges");
		landlock(options);
		filter_calls();
	}
	execv(argv[optind], argv + optind);
	fail("start", argv[optind]);
}
