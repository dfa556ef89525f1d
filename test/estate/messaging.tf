# Queues, topics, streams and buses.
resource "aws_sqs_queue" "plain" {
  count                      = 3
  name                       = "plain-${count.index}"
  visibility_timeout_seconds = 60
  redrive_policy             = jsonencode({ deadLetterTargetArn = aws_sqs_queue.dead.arn, maxReceiveCount = 5 })
  tags                       = { Name = "plain-${count.index}" }
}

resource "aws_sqs_queue" "dead" {
  name                      = "dead"
  message_retention_seconds = 1209600
}

resource "aws_sqs_queue" "inline" {
  count = 2
  name  = "inline-${count.index}"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "Send"
      Effect    = "Allow"
      Principal = { AWS = "arn:aws:iam::123456789012:root" }
      Action    = "sqs:SendMessage"
      Resource  = "arn:aws:sqs:us-east-1:123456789012:inline-${count.index}"
    }]
  })
}

resource "aws_sqs_queue_policy" "beside" {
  count     = 2
  queue_url = aws_sqs_queue.plain[count.index].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "Send"
      Effect    = "Allow"
      Principal = { Service = "s3.amazonaws.com" }
      Action    = "sqs:SendMessage"
      Resource  = aws_sqs_queue.plain[count.index].arn
    }]
  })
}

resource "aws_sns_topic" "main" {
  count        = 3
  name         = "estate-${count.index}"
  display_name = "Estate ${count.index}"
  tags         = { Name = "estate-${count.index}" }
}

resource "aws_sns_topic" "inline" {
  name = "inline"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "Publish"
      Effect    = "Allow"
      Principal = { AWS = "arn:aws:iam::123456789012:root" }
      Action    = "sns:Publish"
      Resource  = "arn:aws:sns:us-east-1:123456789012:inline"
    }]
  })
}

resource "aws_sns_topic_policy" "beside" {
  arn = aws_sns_topic.main[0].arn
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "Publish"
      Effect    = "Allow"
      Principal = { Service = "s3.amazonaws.com" }
      Action    = "sns:Publish"
      Resource  = aws_sns_topic.main[0].arn
    }]
  })
}

resource "aws_sns_topic_subscription" "main" {
  count         = 2
  topic_arn     = aws_sns_topic.main[count.index].arn
  protocol      = "sqs"
  endpoint      = aws_sqs_queue.plain[2].arn
  filter_policy = jsonencode({ kind = ["order", "refund"] })
}

resource "aws_kinesis_stream" "main" {
  count            = 2
  name             = "estate-${count.index}"
  shard_count      = 1
  retention_period = 48
  tags             = { Name = "estate-${count.index}" }
}

resource "aws_kinesis_firehose_delivery_stream" "main" {
  name        = "estate"
  destination = "extended_s3"
  extended_s3_configuration {
    role_arn           = aws_iam_role.inline[0].arn
    bucket_arn         = aws_s3_bucket.logs.arn
    buffering_interval = 300
  }
  tags = { Name = "estate" }
}

resource "aws_cloudwatch_event_bus" "main" {
  count = 2
  name  = "estate-${count.index}"
  tags  = { Name = "estate" }
}

resource "aws_cloudwatch_event_rule" "main" {
  count               = 3
  name                = "nightly-${count.index}"
  description         = "every night"
  schedule_expression = "rate(1 day)"
  tags                = { Name = "nightly-${count.index}" }
}

resource "aws_cloudwatch_event_rule" "pattern" {
  name           = "pattern"
  event_bus_name = aws_cloudwatch_event_bus.main[0].name
  event_pattern  = jsonencode({ source = ["aws.ec2"], "detail-type" = ["EC2 Instance State-change Notification"] })
}

resource "aws_cloudwatch_event_target" "main" {
  count     = 2
  rule      = aws_cloudwatch_event_rule.main[count.index].name
  target_id = "queue"
  arn       = aws_sqs_queue.plain[0].arn
  input     = jsonencode({ run = "nightly" })
}

resource "aws_scheduler_schedule_group" "main" {
  name = "estate"
}

resource "aws_scheduler_schedule" "main" {
  count               = 2
  name                = "estate-${count.index}"
  group_name          = aws_scheduler_schedule_group.main.name
  schedule_expression = "rate(1 hour)"
  flexible_time_window {
    mode = "OFF"
  }
  target {
    arn      = aws_sqs_queue.plain[0].arn
    role_arn = aws_iam_role.inline[0].arn
  }
}
