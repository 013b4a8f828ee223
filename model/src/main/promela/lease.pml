/*
 * One exclusive lock, two clients, a database that can crash and forget the last commits: leases, renewals, expiry, fencing,
 * the grace period and resuming.
 *
 * Time is discrete: all clocks tick together, but one that drifts may miss a tick. Whoever is not scheduled is paused, or is a message
 * on its way, while all clocks go on.
 *
 * Properties, named as in the checker of ./chaos:
 *   exclusive   validity windows of the two clients never overlap
 *   tokens      each grant has a higher token than all before it, also those that a crash made the database forget
 *   fenced      what is written under a fence is written in the order of tokens, and by nobody whose lease went to another
 *
 * Variants, each without one guard, each refuted: NO_MARGIN DEADLINE_FROM_ANSWER CLIENT_CLOCK NO_GRACE SESSION_SURVIVES
 * COUNTER_TOKENS NO_FENCE FENCE_UNLOCKED
 */
#ifndef T
#define T 2            /* a session's timeout, in ticks */
#endif
#ifdef NO_MARGIN
#define MARGIN 0
#else
#define MARGIN 1       /* by which a client stops believing early; what its clock may lose in one timeout */
#endif
#ifdef NO_GRACE
#define GRACE 0
#else
#define GRACE T        /* the longest timeout */
#endif
#ifndef END
#define END 5          /* ticks of one run */
#endif
#ifndef CRASHES
#define CRASHES 0
#endif
/*
 * Each run looks at a part of it, so that it takes seconds:
 *   DRIFT    the clock of client 0 may miss ticks; no crashes, and time without an end
 *   CRASHES  so many crashes, each of which forgets the commits that are not on the disk
 *   FENCES   transactions under fences, and what they write
 */
#ifdef DRIFT
#define DRIFTS(i) ((i) == 0)
#else
#define DRIFTS(i) false
#endif
#ifdef NO_LOSS
#define LOSSY(i) false
#else
#define LOSSY(i) ((i) == 0) /* whose messages may be lost */
#endif
#define CLOCK(t) ((t) * 2) /* microseconds in a tick. A grant takes longer than one, so there are no more grants than that */

#if CRASHES == 0 && !defined(FENCES)
#define GENS 2
#define GEN_LEFT(i) (holder != 1 + (i) + 2 * ((gen[i] + 1) % GENS)) /* an old id comes again when nobody has it in mind */
#else
#define GENS 4
#define GEN_LEFT(i) (gen[i] < 2)
#endif
#define OTHER (1 - i)
/* A session's id is its client and a generation: a new session is never taken for an old one */
#define ID(i) (1 + (i) + 2 * gen[i])
#define CLIENT_OF(h) (((h) - 1) % 2)
#define LIVES(h) ((h) != 0 && sess[CLIENT_OF(h)] > 0 && ID(CLIENT_OF(h)) == (h))
/* What isValid() says */
#define VALID(i) (has[i] && dl[i] > 0)

#if CRASHES == 0 && !defined(FENCES)
#define NEXT_TOKEN 1 /* nobody looks at it */
#elif defined(COUNTER_TOKENS)
#define NEXT_TOKEN (token + 1)
#else
#define NEXT_TOKEN (token + 1 > CLOCK(now) -> token + 1 : CLOCK(now))
#endif
#ifdef FENCE_UNLOCKED
#define NO_OPEN_FENCE true
#else
#define NO_OPEN_FENCE (!fenced[0] && !fenced[1])
#endif
#ifdef CLIENT_CLOCK
/* The end of a lease is judged by the clock of the one who asks, which may be ahead by a tick */
#define LIVES_FOR_CALLER(h) (LIVES(h) && sess[CLIENT_OF(h)] > 1)
#else
#define LIVES_FOR_CALLER(h) LIVES(h)
#endif

#if CRASHES == 0 && !defined(FENCES)
#define TIME_FOR_A_GRANT true
#define CHECK_TOKENS skip
#define TIME_PASSES skip
#else
#define TIME_FOR_A_GRANT (token < CLOCK(now + 1) - 1)
#ifdef EXCLUSIVE_ONLY
#define CHECK_TOKENS top = token
#else
#define CHECK_TOKENS assert(token > top); top = token
#endif
#define TIME_PASSES now++
#endif

byte now;

/* The database. Logged: the row of the lock, as it is and as it is on the disk */
byte holder, token = 1;
byte disk_holder, disk_token = 1;
bool chosen;
/* Unlogged: sessions (what is left of them), the queue, the marker */
byte sess[2];
byte gen[2];
bool queued[2];
bool marker = true;
byte grace;
byte crashes;

/* Transactions under a fence: 0 none, 1 open, and the token they gave */
bool fenced[2];
byte fence_token[2];

/* The clients: what they hold, what is left of their deadline, and of the one that a call under way would bring */
bool has[2];
byte tok[2];
byte dl[2];
byte pend[2];
byte missed[2] = T;
bool waits[2];

/* Ghosts: only for the properties */
byte top;         /* the highest token ever granted */
byte written;     /* the token of the last write */

inline check_exclusive() {
    assert(!(VALID(0) && VALID(1)))
}

/* What every call does first: a marker that is gone means that grants may be lost */
inline look_at_marker() {
    if
    :: !marker -> marker = true; grace = GRACE
    :: else
    fi
}

inline grant(who) {
    token = NEXT_TOKEN;
    holder = ID(who);
    queued[who] = false;
    CHECK_TOKENS   /* tokens */
}

/* A lock whose row is in hand, and that nobody holds: to the one who waits, unless a fence or the grace period forbids it */
inline settle(who) {
    if
    :: grace == 0 && queued[who] && sess[who] > 0 && !LIVES(holder) && NO_OPEN_FENCE && TIME_FOR_A_GRANT -> grant(who)
    :: else
    fi
}

inline exec_acquire(i) {
    look_at_marker();
    if
    :: sess[i] > 0 ->
        if
        :: LIVES(holder) && holder == ID(i)     /* granted already, the answer was lost */
        :: else ->
            queued[i] = true;
            if
            :: LIVES_FOR_CALLER(holder)
            :: else ->
                holder = 0;
                settle(OTHER);                  /* who came first */
                settle(i)
            fi
        fi
    :: else
    fi
}

inline exec_release(i) {
    look_at_marker();
    if
    :: holder == ID(i) && token == tok[i] -> holder = 0; settle(OTHER)
    :: else
    fi
}

/* The higher token wins; the same one needs the same owner, under its old id */
inline resume(i) {
    has[i] = has[i] && (tok[i] > token || tok[i] == token && holder == ID(i));
    gen[i] = gen[i] + 1;
    sess[i] = T;
    queued[i] = false;
    if
    :: has[i] -> token = tok[i]; holder = ID(i)
    :: else
    fi
}

/* A commit under a fence: it is flushed, and with it all before */
inline write(t) {
    assert(t >= written);                                       /* fenced: in the order of tokens */
    assert(t == top || crashes > 0 && t == token);              /* fenced: by no stale holder */
    written = t;
    disk_holder = (crashes < CRASHES -> holder : 0); disk_token = (crashes < CRASHES -> token : 0)
}

/* A client whose calls and answers take their time or get lost, and that may be paused between any two steps */
proctype Slow() {
    byte answer_token;
    bool answered, alive;
    do
    /* No session, or its deadline has passed: whatever was held is lost, for good */
    :: atomic { dl[0] == 0 && GEN_LEFT(0) -> has[0] = false; waits[0] = false; fenced[0] = false; pend[0] = T - MARGIN };
        if
        :: atomic { look_at_marker(); queued[0] = false; gen[0] = (gen[0] + 1) % GENS; sess[0] = T;
#ifdef DEADLINE_FROM_ANSWER
            pend[0] = 0
#endif
            };
            atomic {
#ifdef DEADLINE_FROM_ANSWER
                pend[0] = T - MARGIN;
#endif
                dl[0] = pend[0]; pend[0] = 0 }
        :: atomic { LOSSY(0) -> pend[0] = 0 } /* lost on its way */
        fi

    /* Acquire: the same call again if its answer was lost */
    :: atomic { dl[0] > 0 && !has[0] && !waits[0] -> waits[0] = true };
        if
        :: atomic { exec_acquire(0) }
        :: LOSSY(0) -> skip
        fi

    /* It hears of a grant: by its call's answer, by a notification, or by a renewal. All of them name the session */
    :: atomic { waits[0] && dl[0] > 0 && holder == ID(0) && sess[0] > 0 -> answer_token = token };
        atomic {
            if
            :: dl[0] > 0 && waits[0] -> has[0] = true; waits[0] = false; tok[0] = answer_token; check_exclusive()
            :: else
            fi;
            answer_token = 0
        }

    /* Renewal; for one who waits it also looks whether the lock can be had */
    :: atomic { dl[0] > 0 && (T == 2 || dl[0] < T - MARGIN) -> pend[0] = T - MARGIN };
        if
        :: atomic { look_at_marker(); answered = true; alive = sess[0] > 0;
            if
            :: alive -> sess[0] = T; settle(0)
            :: else
            fi }
        :: LOSSY(0) -> skip /* lost on its way */
        fi;
        if
        :: atomic { answered && alive ->
#ifdef DEADLINE_FROM_ANSWER
            pend[0] = T - MARGIN;
#endif
            if
            :: dl[0] > 0 && pend[0] > dl[0] -> dl[0] = pend[0]
            :: else
            fi;
            pend[0] = 0; answered = false; alive = false; check_exclusive() }
        /* Not known any more: the session was lost with a crash, or has ended. Resume, which works in the grace period only */
        :: atomic { answered && !alive -> answered = false; pend[0] = T - MARGIN };
            if
            :: atomic { look_at_marker();
                if
                :: grace > 0 && GEN_LEFT(0) ->
                    resume(0);
                    alive = true
                :: else
                fi };
                atomic {
                    if
                    :: alive && dl[0] > 0 ->
                        dl[0] = (pend[0] > dl[0] -> pend[0] : dl[0]);
                        waits[0] = false;
                        check_exclusive()
                    :: else -> dl[0] = 0; has[0] = false; waits[0] = false
                    fi;
                    pend[0] = 0; alive = false }
            :: atomic { LOSSY(0) -> pend[0] = 0; dl[0] = 0; has[0] = false; waits[0] = false } /* its answer did not come in time */
            fi
        :: atomic { !answered -> pend[0] = 0; alive = false } /* the answer, or the call, was lost */
        :: atomic { answered && alive && LOSSY(0) -> pend[0] = 0; answered = false; alive = false } /* the answer was lost */
        fi

    /* Release: the client stops believing before it asks */
    :: atomic { has[0] && dl[0] > 0 -> has[0] = false };
        if
        :: atomic { exec_release(0); tok[0] = 0 }
        :: atomic { LOSSY(0) -> tok[0] = 0; dl[0] = 0; sess[0] = 0 } /* it could not be sent: the client ends its session */
        fi

    /* A transaction under a fence: the check and the row lock, later the write and the commit. It looked at isValid() before, and
       may have been paused since */
#ifdef FENCES
    :: atomic { VALID(0) && !fenced[0] -> fence_token[0] = tok[0] };
        if
#ifdef NO_FENCE
        :: atomic { fenced[0] = true }
#else
        :: atomic { holder == ID(0) && token == fence_token[0] && LIVES(holder) -> fenced[0] = true }
#endif
        :: skip /* refused */
        fi;
        if
        :: atomic { fenced[0] ->
            write(fence_token[0]);
            fenced[0] = false; fence_token[0] = 0 }
        :: atomic { fenced[0] = false; fence_token[0] = 0 } /* rolled back, or was refused */
        fi
#endif

    :: now == END -> break
    od
}

/* One whose calls take no time: what it does at one moment, a slow one could have begun before */
proctype Rival() {
    do
    :: atomic { dl[1] == 0 && GEN_LEFT(1) ->
        has[1] = false;
        look_at_marker(); queued[1] = false; gen[1] = (gen[1] + 1) % GENS; sess[1] = T;
        dl[1] = T - MARGIN }
    :: atomic { dl[1] > 0 && !has[1] && sess[1] > 0 && !(queued[1] && LIVES_FOR_CALLER(holder) && holder != ID(1)) ->
        exec_acquire(1);
        if
        :: LIVES(holder) && holder == ID(1) -> has[1] = true; tok[1] = token; check_exclusive()
        :: else
        fi }
    :: atomic { dl[1] > 0 && (T == 2 || dl[1] < T - MARGIN) ->
        look_at_marker();
        if
        :: sess[1] > 0 -> sess[1] = T; settle(1); dl[1] = T - MARGIN; check_exclusive()
        :: else ->
            if
            :: grace > 0 && GEN_LEFT(1) -> resume(1); dl[1] = T - MARGIN; check_exclusive()
            :: else -> dl[1] = 0; has[1] = false
            fi
        fi }
    :: atomic { has[1] && dl[1] > 0 -> has[1] = false; exec_release(1); tok[1] = 0 }
#ifdef FENCES
    :: atomic { VALID(1) && holder == ID(1) && token == tok[1] && LIVES(holder) -> write(tok[1]) }
#endif
    :: now == END -> break
    od
}

/* The world: clocks, the disk, crashes */
active proctype World() {
    byte k;
    atomic { run Slow(); run Rival() };
    do
    :: atomic { now < END ->
        TIME_PASSES;
        if
        :: grace > 0 -> grace--
        :: else
        fi;
        k = 0;
        do
        :: k < 2 ->
            if
            :: sess[k] > 0 -> sess[k] = sess[k] - 1
            :: else
            fi;
            if
            :: DRIFTS(k) && missed[k] >= T && (dl[k] > 0 || pend[k] > 0) -> missed[k] = 1   /* its clock misses a tick */
            :: true ->
                missed[k] = (DRIFTS(k) && missed[k] < T -> missed[k] + 1 : T);
                dl[k] = (dl[k] > 0 -> dl[k] - 1 : 0);
                pend[k] = (pend[k] > 0 -> pend[k] - 1 : 0)
            fi;
            k++
        :: else -> break
        od;
        k = 0 }
    /* Commits with synchronous_commit = off reach the disk at any later moment, in order. So what a crash leaves is the row as it was
       at some moment, but not before the last commit that was flushed; and one moment has to be chosen for one crash */
    :: atomic { crashes < CRASHES && !chosen -> chosen = true; disk_token = token; disk_holder = holder }
    /* A crash of the server or of one backend, or a promoted standby that lags: what is not on the disk is gone, unlogged tables are
       empty, transactions end */
    :: atomic { crashes < CRASHES ->
        crashes++;
        token = disk_token; holder = disk_holder; disk_token = 0; disk_holder = 0;
#ifndef SESSION_SURVIVES
        sess[0] = 0; sess[1] = 0;
#endif
        queued[0] = false; queued[1] = false;
        fenced[0] = false; fenced[1] = false;
        marker = false; grace = 0 }
    :: now == END -> break
    od
}
