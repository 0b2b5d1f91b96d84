"""Where s3://bucket/prefix is, and which of what is kept there is needed."""

import os

import pytest

from adapters.backup.places import NoPlace, is_away, placed
from adapters.embedded.wal import FORGOTTEN, keep_from, segments

OWN = "http://souk:word@127.0.0.1:9000"
NAME = "20260516T120000.000000Z"
AMAZON = {"AWS_ACCESS_KEY_ID": "AK/1", "AWS_SECRET_ACCESS_KEY": "s+t", "AWS_REGION": "eu-west-3"}


def test_a_bucket_is_on_the_instances_own_server_unless_somebody_says_otherwise():
    place = placed("s3://backups/souk/one", OWN, {})
    assert (place.url, place.prefix, place.name) == (f"{OWN}/backups", "souk/one/", "")
    assert placed("s3://backups", OWN, {}).prefix == ""


def test_the_variables_of_every_s3_client_say_otherwise():
    place = placed(f"s3://backups/souk/{NAME}/", OWN, AMAZON)
    assert place.url == "https://AK%2F1:s%2Bt@s3.amazonaws.com/backups?region=eu-west-3"
    assert (place.prefix, place.name) == ("souk/", NAME)
    there = AMAZON | {"AWS_ENDPOINT_URL": "http://minio:9000", "AWS_SESSION_TOKEN": "to/ken"}
    url = placed("s3://backups", "", there).url
    assert url == "http://AK%2F1:s%2Bt@minio:9000/backups?region=eu-west-3&token=to%2Fken"


@pytest.mark.parametrize("text", ["s3://", "s3://souk/backups", "s3://x/y", "s3://Bad_Name/y"])
def test_the_instances_own_bucket_is_no_place_for_backups(text):
    with pytest.raises(NoPlace):
        placed(text, OWN, {})


def test_without_a_server_and_without_variables_there_is_no_bucket():
    with pytest.raises(NoPlace):
        placed("s3://backups", "", {})


@pytest.mark.parametrize(
    "said",
    [
        {"AWS_ENDPOINT_URL": "nonsense"},
        {"AWS_ENDPOINT_URL": "ftp://minio"},
        {"AWS_ENDPOINT_URL": "http://"},
        {"AWS_ENDPOINT_URL": "http://minio:9000/backups"},
        {"AWS_SECRET_ACCESS_KEY": ""},
    ],
)
def test_variables_that_say_no_server_or_half_a_credential_are_named_and_no_secret(said):
    (name,) = said
    with pytest.raises(NoPlace) as refused:
        placed("s3://backups", "", AMAZON | said)
    assert (name in str(refused.value), "s+t" in str(refused.value)) == (True, False)


@pytest.mark.parametrize("text", ["http://minio/backups", "S3://backups", "gs://backups"])
def test_what_is_neither_a_bucket_nor_a_directory_is_refused(text):
    with pytest.raises(NoPlace, match="neither a directory nor"):
        is_away(text)


def test_a_directory_is_at_hand_and_a_bucket_away():
    assert [is_away(each) for each in ("/mnt/backups", "backups", "s3://backups/souk")] == [0, 0, 1]


def test_what_backups_elsewhere_need_is_kept_for_them_but_not_for_ever(tmp_path):
    for number in range(1, 8):
        (tmp_path / segment(number)).touch()
    assert keep_from(tmp_path, segment(2), "/mnt/weekly", 20) == 20
    assert keep_from(tmp_path, segment(5), "/mnt/daily", 50) == 20
    assert [path.name for path in segments(tmp_path)] == [segment(n) for n in range(2, 8)]
    (weekly,) = [mark for mark in tmp_path.glob("needed.*") if segment(2) in mark.read_text()]
    long_ago = weekly.stat().st_mtime - FORGOTTEN - 1
    os.utime(weekly, (long_ago, long_ago))
    assert keep_from(tmp_path, segment(6), "/mnt/daily", 60) == 60
    assert [path.name for path in segments(tmp_path)] == [segment(6), segment(7)]


def test_what_a_damaged_backup_may_need_is_kept_as_before(tmp_path):
    for number in range(1, 8):
        (tmp_path / segment(number)).touch()
    assert keep_from(tmp_path, segment(3), "/mnt/daily", 30, unsure=True) == 0
    assert len(segments(tmp_path)) == 7
    assert keep_from(tmp_path, segment(3), "/mnt/daily", 30) == 30
    assert keep_from(tmp_path, segment(5), "/mnt/daily", 50, unsure=True) == 30
    assert [path.name for path in segments(tmp_path)] == [segment(n) for n in range(3, 8)]


def segment(number):
    return f"{1:08X}{number:016X}"
