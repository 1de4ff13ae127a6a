/*
 * The numbers of the pcapng format (draft-ietf-opsawg-pcapng) that reader and writer share.
 */
#ifndef VCAP_PCAPNG_H
#define VCAP_PCAPNG_H

/* Block types, section 11.1 of the draft */
enum {
	PCAPNG_SHB = 0x0a0d0d0a, /* section header */
	PCAPNG_IDB = 1,          /* interface description */
	PCAPNG_PACKET = 2,       /* packet, obsolete */
	PCAPNG_SPB = 3,          /* simple packet */
	PCAPNG_NRB = 4,          /* name resolution */
	PCAPNG_ISB = 5,          /* interface statistics */
	PCAPNG_EPB = 6,          /* enhanced packet */
	PCAPNG_DSB = 10,         /* decryption secrets */
	PCAPNG_CUSTOM = 0x00000bad,
	PCAPNG_CUSTOM_NOCOPY = 0x40000bad,
};

/* The byte-order magic of a section header */
#define PCAPNG_MAGIC 0x1a2b3c4du

/* A block is its type and length (4 bytes each), the body, and the length again. */
#define PCAPNG_HEAD      8u
#define PCAPNG_BLOCK_MIN 12u

/* Bodies, options' values and packets are padded to a multiple of four bytes. n is a size_t. */
#define PCAPNG_PAD(n)  (((n) + (size_t)3) & ~(size_t)3)

#define PCAPNG_PROMISE "vcap" /* the value of OPT_SHB_PROMISE, four bytes */

/* Option codes, sections 4.1 to 4.6 */
enum {
	OPT_END = 0,
	OPT_COMMENT = 1,
	OPT_SHB_HARDWARE = 2,
	OPT_SHB_OS = 3,
	OPT_SHB_USERAPPL = 4,
	/* Of local use (section 3.5.1): the section was written by vcap, and ends with an end mark unless it
	 * was cut short. Programs that copy a section without its statistics (editcap) do not copy it. */
	OPT_SHB_PROMISE = 0x8001,
	OPT_IF_NAME = 2,
	OPT_IF_DESCRIPTION = 3,
	OPT_IF_SPEED = 8,
	OPT_IF_TSRESOL = 9,
	OPT_IF_FILTER = 11,
	OPT_IF_OS = 12,
	OPT_IF_TSOFFSET = 14,
	OPT_EPB_FLAGS = 2,
	OPT_EPB_HASH = 3,
	OPT_EPB_DROPCOUNT = 4,
	OPT_EPB_QUEUE = 6,
	OPT_EPB_VERDICT = 7,
	OPT_ISB_STARTTIME = 2,
	OPT_ISB_ENDTIME = 3,
	OPT_ISB_IFRECV = 4,
	OPT_ISB_IFDROP = 5,
	OPT_ISB_FILTERACCEPT = 6,
	OPT_ISB_OSDROP = 7,
	OPT_ISB_USRDELIV = 8,
};

#endif
