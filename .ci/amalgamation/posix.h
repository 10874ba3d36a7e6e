
#if defined F_DUPFD && !defined O_CLOEXEC
#error "@PREFIX@.h needs POSIX 2008: -D_POSIX_C_SOURCE=200809L -D_DEFAULT_SOURCE, or -std=gnu11"
#endif
