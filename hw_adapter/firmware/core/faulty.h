/* The mistakes that C invites, each behind a switch, so that the kit can be tried on a firmware that makes it:
 * `make FAULT=hour_closed`. `lockproof faults --over firmware` builds and judges every one.
 *
 * Without a switch none of it is compiled in. In a box that guards a house it has no business: the production build
 * refuses it, and hello names it. */
#ifndef LP_FAULTY_H
#define LP_FAULTY_H

/* Name, its kind (conformance/faults says which there are), the clause that it breaks, what it does. */
#define LP_FAULTS(FAULT)                                                                                               \
    FAULT(hour_closed, time, "code.expiry.after-first-use", "<= where < is meant: the second in which the hour ends still opens.") \
    FAULT(hour_to_the_minute, time, "code.expiry.after-first-use", "An integer division: the hour is counted in whole minutes.") \
    FAULT(hour_by_uptime, persistence, "code.expiry.after-first-use",                                                  \
          "The hour ends by the timer, at an instant in memory that a power cut clears.")                              \
    FAULT(first_use_in_ram, persistence, "box.first-use.durable", "A first use is written to memory that a power cut clears.") \
    FAULT(first_use_in_one_place, isolation, "box.isolation", "Room for one first use: the next code pushes it out.")  \
    FAULT(mark_in_ram, persistence, "box.clock.never-back", "The instant of the last decision is not written to the store.") \
    FAULT(time_order_unsigned, time, "box.clock.never-back",                                                           \
          "Instants are subtracted as unsigned numbers, and the difference is never less than zero.")                  \
    FAULT(clock_in_32_bits, time, "box.clock.never-back", "A signed 32-bit clock: in January 2038 it is 1901.")        \
    FAULT(timer_in_32_bits, time, "connect.ticket", "Nonces grow old by milliseconds in 32 bits: after 49 days they begin anew.") \
    FAULT(day_in_utc, zone, "code.day", "Days begin and end at midnight in UTC.")                                      \
    FAULT(offset_in_16_bits, zone, "code.day", "Offsets are kept in 16 bits of seconds, too few beyond nine hours.")   \
    FAULT(offset_unsigned, zone, "code.day", "Offsets are taken as unsigned: west of Greenwich they are huge.")        \
    FAULT(zone_change_late, zone, "code.day", "Of a zone table that changes, the last change alone is looked at.")     \
    FAULT(day_in_little_endian, codes, "interop.code", "The instants that name a day are hashed as the processor keeps them.") \
    FAULT(digits_as_a_number, codes, "code.digits", "Digits are compared as a number: zeros in front do not count.")   \
    FAULT(digits_cut_to_size, codes, "code.digits", "Digits too many are cut off as they are copied.")                 \
    FAULT(tag_by_size_of_a_pointer, crypto, "box.authentic", "sizeof a parameter is that of a pointer: the tag's end is not compared.") \
    FAULT(nonce_stays_open, protocol, "connect.ticket", "A ticket that opened leaves its nonce open.")                 \
    FAULT(random_unseeded, crypto, "connect.ticket", "Random numbers from a generator that begins alike at each power-up.") \
    FAULT(window_end_closed, time, "connect.window.bounds", "<= where < is meant: the end of a window still opens.")   \
    FAULT(revocation_in_ram, persistence, "connect.revoke.bound", "A grant that was heard revoked is forgotten when power goes.") \
    FAULT(revocations_in_four_bits, persistence, "connect.revoke.bound", "A ring of 16: the next revocation overwrites the first.") \
    FAULT(charge_after_compare, lockout, "box.wrong-entry.bound",                                                      \
          "The charge is written with the decision: who sees the comparison can pull the power before that.")          \
    FAULT(refill_in_a_byte, lockout, "box.wrong-entry.bound", "300 seconds in eight bits are 44.")                     \
    FAULT(refusals_in_a_byte, log, "box.log", "Refusals are counted in eight bits: with the 256th there were none.")   \
    FAULT(log_wraps_early, log, "box.log", "The ring of the log is half as long as it says.")                          \
    FAULT(epoch_kept, log, "box.log", "A log that began anew has the epoch of the one before.")                        \
    FAULT(reply_by_content, protocol, "box.wrong-entry.bound",                                                         \
          "A request is taken for a retry if its body is that of the last, whatever its sequence: its reply comes again.") \
    FAULT(memory_not_cleared, persistence, "box.wrong-entry.bound", "A new box begins with what memory held before.")  \
    FAULT(commit_in_place, persistence, "box.power", "No journal: a write that power tears leaves half of a commit.")  \
    FAULT(journal_not_carried_on, persistence, "box.power", "A boot does not finish the commit that power cut short.") \
    FAULT(watchdog_in_a_commit, persistence, "box.power", "A commit that erases a page outlasts the watchdog, which resets the box in the middle.")

#define LP_FAULT_NAME(name, kind, breaks, does) lp_fault_##name,
enum lp_fault { lp_fault_none, LP_FAULTS(LP_FAULT_NAME) lp_faults };
#undef LP_FAULT_NAME

#ifdef LP_FAULT
#ifdef LOCKPROOF_PRODUCTION
#error "a production build with a fault"
#endif
#define LP_FAULT_OF_2(name) lp_fault_##name
#define LP_FAULT_OF(name) LP_FAULT_OF_2(name)
#define LP_FAULTY(name) (LP_FAULT_OF(LP_FAULT) == lp_fault_##name)
#define LP_TEXT_2(name) #name
#define LP_TEXT(name) LP_TEXT_2(name)
#define LP_FIRMWARE "faulty: " LP_TEXT(LP_FAULT)
#else
#define LP_FAULTY(name) 0
#endif

#endif
